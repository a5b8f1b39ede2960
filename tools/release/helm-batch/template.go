package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/cli"
	"helm.sh/helm/v4/pkg/cli/values"
	"helm.sh/helm/v4/pkg/getter"
	release "helm.sh/helm/v4/pkg/release/v1"
)

// options are the flags that are known here.
type options struct {
	namespace   string
	kubeVersion string
	apiVersions []string
	includeCRDs bool
	skipTests   bool
	strict      bool
	values      values.Options
	rest        []string
}

// parse reads the arguments of a command; flags that only helm knows are left to it.
func parse(args []string, flags func(*pflag.FlagSet, *options)) (*options, error) {
	o := &options{}
	f := pflag.NewFlagSet("helm", pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVarP(&o.namespace, "namespace", "n", "default", "")
	f.StringVar(&o.kubeVersion, "kube-version", "", "")
	f.StringSliceVarP(&o.values.ValueFiles, "values", "f", []string{}, "")
	f.StringArrayVar(&o.values.Values, "set", []string{}, "")
	flags(f, o)
	if err := f.Parse(args); err != nil {
		return nil, errLeft
	}
	o.rest = f.Args()
	for _, path := range append(slices.Clone(o.values.ValueFiles), o.rest...) {
		if strings.Contains(path, "://") || strings.TrimSpace(path) == "-" {
			return nil, errLeft
		}
	}
	return o, nil
}

// kube is the Kubernetes version of the flags; nil without one.
func (o *options) kube() (*common.KubeVersion, error) {
	if o.kubeVersion == "" {
		return nil, nil
	}
	version, err := common.ParseKubeVersion(o.kubeVersion)
	if err != nil {
		return nil, fmt.Errorf("invalid kube version '%s': %w", o.kubeVersion, err)
	}
	return version, nil
}

// merged are the values of the flags, each time as new maps.
func (o *options) merged() (map[string]any, error) {
	given := o.values // MergeValues keeps nothing, but has a pointer receiver
	return given.MergeValues(getter.Providers{})
}

// template is `helm template NAME CHART`. Source: helm v4.3.1 pkg/cmd/template.go, and runInstall of pkg/cmd/install.go.
func template(args []string, k *known, out io.Writer) error {
	o, err := parse(args, func(f *pflag.FlagSet, o *options) {
		f.StringSliceVarP(&o.apiVersions, "api-versions", "a", []string{}, "")
		f.BoolVar(&o.includeCRDs, "include-crds", false, "")
		f.BoolVar(&o.skipTests, "skip-tests", false, "")
	})
	if err != nil {
		return err
	}
	if len(o.rest) != 2 {
		return errLeft
	}
	kube, err := o.kube()
	if err != nil {
		return err
	}
	rel, err := o.install(kube, k)
	if err != nil {
		if rel != nil {
			return fmt.Errorf("%w\n\nUse --debug flag to render out invalid YAML", err)
		}
		return err
	}
	fmt.Fprintln(out, strings.TrimSpace(rel.Manifest))
	for _, hook := range rel.Hooks {
		if o.skipTests && slices.Contains(hook.Events, release.HookTest) {
			continue
		}
		fmt.Fprintf(out, "---\n# Source: %s\n%s\n", hook.Path, hook.Manifest)
	}
	return nil
}

// install is the dry run behind `helm template`. Compiling the schemas is a third of its time: they are compiled once,
// and Helm is asked to validate only values that do not pass, so that the message is its own.
func (o *options) install(kube *common.KubeVersion, k *known) (*release.Release, error) {
	client := action.NewInstall(action.NewConfiguration())
	client.DryRunStrategy = action.DryRunClient
	client.Replace = true
	client.KubeVersion = kube
	client.APIVersions = common.VersionSet(o.apiVersions)
	client.IncludeCRDs = o.includeCRDs
	client.Namespace = o.namespace
	name, reference, err := client.NameAndChart(o.rest)
	if err != nil {
		return nil, err
	}
	client.ReleaseName = name
	path, err := client.LocateChart(reference, &cli.EnvSettings{})
	if err != nil {
		return nil, err
	}
	given, err := o.merged()
	if err != nil {
		return nil, err
	}
	loaded, err := k.charts.load(path)
	if err != nil {
		return nil, err
	}
	accessor, err := chart.NewAccessor(loaded)
	if err != nil {
		return nil, err
	}
	if kind := accessor.MetadataAsMap()["Type"]; kind != "" && kind != "application" {
		return nil, fmt.Errorf("%s charts are not installable", kind)
	}
	if accessor.Deprecated() {
		slog.Warn("this chart is deprecated")
	}
	if wanted := accessor.MetaDependencies(); len(wanted) > 0 {
		if err := action.CheckDependencies(loaded, wanted); err != nil {
			return nil, fmt.Errorf("an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch missing dependencies: %w", err)
		}
	}
	client.SkipSchemaValidation = k.accept(path, o)
	made, err := client.RunWithContext(context.Background(), loaded, given)
	if made == nil {
		return nil, err
	}
	rel, ok := made.(*release.Release)
	if !ok {
		return nil, errLeft
	}
	return rel, err
}
