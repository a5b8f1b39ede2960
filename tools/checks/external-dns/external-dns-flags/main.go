// external-dns-flags says what external-dns makes of its environment: the flags that there are, and the settings that it would run with.
// It reads them as the program does, without its clients of every DNS provider.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"sigs.k8s.io/external-dns/pkg/apis/externaldns"
	"sigs.k8s.io/external-dns/pkg/apis/externaldns/validation"
)

func main() {
	settings := externaldns.NewConfig()
	names := []string{}
	for _, flag := range externaldns.App(settings).Model().Flags {
		names = append(names, flag.Name)
	}
	fail(settings.ParseFlags(os.Args[1:]))
	fail(validation.ValidateConfig(settings))
	fail(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"flags":             names,
		"provider":          settings.Provider,
		"sources":           settings.Sources,
		"domainFilter":      settings.RegexDomainFilter.String(),
		"excludeTargetNets": settings.ExcludeTargetNets,
		"policy":            settings.Policy,
		"registry":          settings.Registry,
		"owner":             settings.TXTOwnerID,
		"prefix":            settings.TXTPrefix,
		"interval":          settings.Interval.String(),
		"onEvents":          settings.UpdateEvents,
		"proxied":           settings.CloudflareProxied,
		"serviceTypes":      settings.ServiceTypeFilter,
	}))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
