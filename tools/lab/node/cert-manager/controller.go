package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/cert-manager/cert-manager/pkg/apis/certmanager"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/healthz"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	logsapi "k8s.io/component-base/logs/api/v1"

	// Each registers its controller or its issuer.
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmechallenges"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmeorders"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/ingresses"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/acme"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/metrics"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
)

// Upstream's defaults, which no flag of our chart changes. Source: internal/apis/config/{controller,shared}/v1alpha1/defaults.go;
// that package imports every controller, and the client of Venafi's is not served by the module proxy.
const (
	metricsAddress = ":9402"
	healthAddress  = ":9403"
	workers        = 5
	leaseDuration  = 60 * time.Second
	renewDeadline  = 40 * time.Second
	retryPeriod    = 15 * time.Second
	leaseTolerance = 20 * time.Second
	checkPeriod    = 10 * time.Second
	leastBackoff   = time.Hour
	mostBackoff    = 32 * time.Hour
)

var copiedAnnotations = []string{"*", "-kubectl.kubernetes.io/", "-fluxcd.io/", "-argocd.argoproj.io/"}

// controllerMain sets issuers up, and gets certificates from them.
func controllerMain(ctx context.Context, arguments []string) error {
	options, leaseNamespace, err := controllerOptions(arguments)
	if err != nil {
		return err
	}
	factory, err := controller.NewContextFactory(ctx, options)
	if err != nil {
		return err
	}
	base, err := factory.Build()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	if err := serveMetrics(ctx, group, base); err != nil {
		return err
	}
	health := healthz.NewServer(leaseTolerance)
	listener, err := net.Listen("tcp", healthAddress)
	if err != nil {
		return err
	}
	group.Go(func() error { return health.Start(ctx, listener) })

	elected := make(chan struct{})
	group.Go(func() error { return elect(ctx, factory, leaseNamespace, elected, health.LeaderHealthzAdaptor) })
	select {
	case <-ctx.Done():
		return group.Wait()
	case <-elected:
	}
	for name, start := range controller.Known() {
		made, err := start(factory)
		if err != nil {
			return fmt.Errorf("error starting controller %s: %w", name, err)
		}
		group.Go(func() error { return made.Run(workers, ctx) })
	}
	base.SharedInformerFactory.Start(ctx.Done())
	base.KubeSharedInformerFactory.Start(ctx.Done())
	base.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	return group.Wait()
}

// controllerOptions are upstream's defaults with the flags of our chart over them, and the namespace of the lease.
func controllerOptions(arguments []string) (controller.ContextOptions, string, error) {
	options := controller.ContextOptions{
		ACMEOptions:      controller.ACMEOptions{DNS01CheckRetryPeriod: checkPeriod},
		SchedulerOptions: controller.SchedulerOptions{MaxConcurrentChallenges: 60},
		IssuerOptions:    controller.IssuerOptions{ClusterIssuerAmbientCredentials: true, ClusterResourceNamespace: "kube-system"},
		IngressShimOptions: controller.IngressShimOptions{
			DefaultIssuerKind:                 "Issuer",
			DefaultIssuerGroup:                certmanager.GroupName,
			DefaultAutoCertificateAnnotations: []string{"kubernetes.io/tls-acme"},
		},
		CertificateOptions: controller.CertificateOptions{
			CopiedAnnotationPrefixes:                 copiedAnnotations,
			CertificateRequestMinimumBackoffDuration: leastBackoff,
			CertificateRequestMaximumBackoffDuration: mostBackoff,
		},
	}
	leaseNamespace, recursiveOnly := "kube-system", false
	flags := pflag.NewFlagSet("controller", pflag.ContinueOnError)
	flags.StringVar(&options.ClusterResourceNamespace, "cluster-resource-namespace", options.ClusterResourceNamespace, "")
	flags.StringVar(&leaseNamespace, "leader-election-namespace", leaseNamespace, "")
	flags.IntVar(&options.MaxConcurrentChallenges, "max-concurrent-challenges", options.MaxConcurrentChallenges, "")
	flags.BoolVar(&recursiveOnly, "dns01-recursive-nameservers-only", recursiveOnly, "")
	flags.StringSliceVar(&options.DNS01Nameservers, "dns01-recursive-nameservers", nil, "")
	logging := logsapi.NewLoggingConfiguration()
	err := parsed(flags, arguments, logging, func() field.ErrorList { return nil })
	options.DNS01CheckAuthoritative = !recursiveOnly
	return options, leaseNamespace, err
}

func serveMetrics(ctx context.Context, group *errgroup.Group, base *controller.Context) error {
	listener, err := net.Listen("tcp", metricsAddress)
	if err != nil {
		return err
	}
	kinds := base.SharedInformerFactory.Certmanager().V1()
	base.Metrics.SetupACMECollector(base.SharedInformerFactory.Acme().V1().Challenges().Lister())
	base.Metrics.SetupCertificateCollector(kinds.Certificates().Lister())
	base.Metrics.SetupIssuerCollector(kinds.Issuers().Lister())
	base.Metrics.SetupClusterIssuerCollector(kinds.ClusterIssuers().Lister())
	server := base.Metrics.NewServer(listener)
	group.Go(func() error {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return server.Shutdown(last)
	})
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return nil
}

// elect closes `elected` once this process holds the lease, and ends when it has lost it.
func elect(ctx context.Context, factory *controller.ContextFactory, namespace string, elected chan struct{}, health *leaderelection.HealthzAdaptor) error {
	own, err := factory.Build("leader-election")
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	lock, err := resourcelock.New(resourcelock.LeasesResourceLock, namespace, "cert-manager-controller",
		own.Client.CoreV1(), own.Client.CoordinationV1(),
		resourcelock.ResourceLockConfig{Identity: host + "-external-cert-manager-controller", EventRecorder: own.Recorder})
	if err != nil {
		return err
	}
	lost := make(chan struct{})
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            lock,
		LeaseDuration:   leaseDuration,
		RenewDeadline:   renewDeadline,
		RetryPeriod:     retryPeriod,
		ReleaseOnCancel: true,
		WatchDog:        health,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { close(elected) },
			OnStoppedLeading: func() { close(lost) },
		},
	})
	if err != nil {
		return err
	}
	elector.Run(ctx)
	<-lost
	if ctx.Err() == nil {
		return errors.New("leader election lost")
	}
	logf.FromContext(ctx).Info("released the lease")
	return nil
}
