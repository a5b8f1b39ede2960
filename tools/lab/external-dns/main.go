// external-dns as this platform configures it: with Cloudflare, or with zones in memory, and owners in TXT records or none.
//
// Upstream's: how flags and variables are read and judged, every source, what is made of its endpoints, the plan with its
// policies, the registry, the provider and its client. Ours: this file, which puts them together in the order of upstream's
// controller.Execute. That one cannot be taken, for its package brings the clients of every provider, which takes minutes
// more to compile. So it has no caches and writes no Events, and it does not tell the metrics of upstream's controller.
// Upstream silences klog; here it speaks, so that a right that is missing shows.
package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	log "github.com/sirupsen/logrus"
	"sigs.k8s.io/external-dns/endpoint"
	"sigs.k8s.io/external-dns/pkg/apis/externaldns"
	"sigs.k8s.io/external-dns/pkg/apis/externaldns/validation"
	"sigs.k8s.io/external-dns/plan"
	"sigs.k8s.io/external-dns/provider"
	"sigs.k8s.io/external-dns/provider/cloudflare"
	"sigs.k8s.io/external-dns/provider/inmemory"
	"sigs.k8s.io/external-dns/registry"
	"sigs.k8s.io/external-dns/registry/noop"
	"sigs.k8s.io/external-dns/registry/txt"
	"sigs.k8s.io/external-dns/source"
	"sigs.k8s.io/external-dns/source/annotations"
	"sigs.k8s.io/external-dns/source/wrappers"
)

type (
	makeProvider = func(context.Context, *externaldns.Config, *endpoint.DomainFilter) (provider.Provider, error)
	makeRegistry = func(*externaldns.Config, provider.Provider) (registry.Registry, error)
)

var (
	providers = map[string]makeProvider{
		externaldns.ProviderCloudflare: cloudflare.New,
		externaldns.ProviderInMemory:   inmemory.New,
	}
	registries = map[string]makeRegistry{externaldns.RegistryTXT: txt.New, externaldns.RegistryNoop: noop.New}
)

func main() {
	settings := externaldns.NewConfig()
	must(settings.ParseFlags(os.Args[1:]))
	must(validation.ValidateConfig(settings))
	annotations.SetAnnotationPrefix(settings.AnnotationPrefix)
	level, err := log.ParseLevel(settings.LogLevel)
	must(err)
	log.SetLevel(level)
	if settings.LogFormat == "json" {
		log.SetFormatter(&log.JSONFormatter{})
	}
	log.Infof("config: %s", settings)
	go serve(settings.MetricsAddress)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	sourceSettings, err := source.NewSourceConfig(settings)
	must(err)
	found, err := wrappers.Build(ctx, sourceSettings)
	must(err)
	filter := endpoint.NewDomainFilterWithOptions(
		endpoint.WithDomainFilter(settings.DomainFilter),
		endpoint.WithDomainExclude(settings.DomainExclude),
		endpoint.WithRegexDomainFilter(settings.RegexDomainFilter),
		endpoint.WithRegexDomainExclude(settings.RegexDomainExclude),
	)
	newProvider, known := providers[settings.Provider]
	if !known {
		log.Fatalf("provider %q is not in this program", settings.Provider)
	}
	newRegistry, known := registries[settings.Registry]
	if !known {
		log.Fatalf("registry %q is not in this program", settings.Registry)
	}
	client, err := newProvider(ctx, settings, filter)
	must(err)
	records, err := newRegistry(settings, client)
	must(err)
	loop(ctx, settings, found, records, filter)
}

// loop makes a round at once, at each interval, and when a source says that something changed.
func loop(ctx context.Context, settings *externaldns.Config, found source.Source, records registry.Registry, filter *endpoint.DomainFilter) {
	changed := make(chan struct{}, 1)
	if settings.UpdateEvents {
		found.AddEventHandler(ctx, func() {
			select {
			case changed <- struct{}{}:
			default:
			}
		})
	}
	for {
		if err := round(ctx, settings, found, records, filter); errors.Is(err, provider.SoftError) {
			log.Errorf("Failed to do run once: %v", err)
		} else {
			must(err)
		}
		if settings.Once {
			return
		}
		next := time.After(settings.Interval)
		select {
		case <-ctx.Done():
			return
		case <-time.After(settings.MinEventSyncInterval):
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-next:
		}
	}
}

// round brings the zone to what the sources want.
func round(ctx context.Context, settings *externaldns.Config, found source.Source, records registry.Registry, filter *endpoint.DomainFilter) error {
	current, err := records.Records(ctx)
	if err != nil {
		return err
	}
	ctx = context.WithValue(ctx, provider.RecordsContextKey, current)
	wanted, err := found.Endpoints(ctx)
	if err != nil {
		return err
	}
	wanted, err = records.AdjustEndpoints(wanted)
	if err != nil {
		return err
	}
	todo := (&plan.Plan{
		Policies:       []plan.Policy{plan.Policies[settings.Policy]},
		Current:        current,
		Desired:        wanted,
		DomainFilter:   endpoint.MatchAllDomainFilters{filter, records.GetDomainFilter()},
		ManagedRecords: settings.ManagedDNSRecordTypes,
		ExcludeRecords: settings.ExcludeDNSRecordTypes,
		OwnerID:        records.OwnerID(),
		OldOwnerID:     settings.TXTOwnerOld,
	}).Calculate()
	if !todo.Changes.HasChanges() {
		log.Info("All records are already up to date")
		return nil
	}
	return records.ApplyChanges(ctx, todo.Changes)
}

// serve answers probes and Prometheus.
func serve(address string) {
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	http.Handle("/metrics", promhttp.Handler())
	log.Fatal(http.ListenAndServe(address, nil))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
