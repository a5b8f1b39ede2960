package main

import (
	"context"

	"github.com/cert-manager/cert-manager/internal/apis/config/cainjector"
	"github.com/cert-manager/cert-manager/internal/apis/config/cainjector/scheme"
	"github.com/cert-manager/cert-manager/internal/apis/config/cainjector/validation"
	"github.com/cert-manager/cert-manager/pkg/apis/config/cainjector/v1alpha1"
	cmscheme "github.com/cert-manager/cert-manager/pkg/client/clientset/versioned/scheme"
	injectors "github.com/cert-manager/cert-manager/pkg/controller/cainjector"
	"github.com/cert-manager/cert-manager/pkg/util"
	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	apiext "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kscheme "k8s.io/client-go/kubernetes/scheme"
	apireg "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// cainjectorMain writes authorities into webhook configurations, API services and definitions.
func cainjectorMain(ctx context.Context, arguments []string) error {
	settings, err := cainjectorSettings()
	if err != nil {
		return err
	}
	flags := pflag.NewFlagSet("cainjector", pflag.ContinueOnError)
	elected := &settings.LeaderElectionConfig
	flags.StringVar(&elected.Namespace, "leader-election-namespace", elected.Namespace, "namespace of the lease")
	judge := func() field.ErrorList { return validation.ValidateCAInjectorConfiguration(settings, nil) }
	if err := parsed(flags, arguments, &settings.Logging, judge); err != nil {
		return err
	}

	kinds := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		kscheme.AddToScheme, cmscheme.AddToScheme, apiext.AddToScheme, apireg.AddToScheme,
	} {
		utilruntime.Must(add(kinds))
	}
	manager, err := ctrl.NewManager(util.RestConfigWithUserAgent(ctrl.GetConfigOrDie(), "cainjector"), ctrl.Options{
		Scheme: kinds,
		Cache:  cache.Options{ReaderFailOnMissingInformer: true},
		// Upstream reads each Secret when it needs it, and watches only their metadata.
		Client:                        client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
		LeaderElection:                elected.Enabled,
		LeaderElectionNamespace:       elected.Namespace,
		LeaderElectionID:              "cert-manager-cainjector-leader-election",
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 &elected.LeaseDuration,
		RenewDeadline:                 &elected.RenewDeadline,
		RetryPeriod:                   &elected.RetryPeriod,
		Metrics:                       metricsserver.Options{BindAddress: settings.MetricsListenAddress},
	})
	if err != nil {
		return err
	}
	enabled := settings.EnableInjectableConfig
	err = injectors.RegisterAllInjectors(ctx, manager, injectors.SetupOptions{
		EnableCertificatesDataSource: settings.EnableDataSourceConfig.Certificates,
		EnabledReconcilersFor: map[string]bool{
			injectors.MutatingWebhookConfigurationName:   enabled.MutatingWebhookConfigurations,
			injectors.ValidatingWebhookConfigurationName: enabled.ValidatingWebhookConfigurations,
			injectors.APIServiceName:                     enabled.APIServices,
			injectors.CustomResourceDefinitionName:       enabled.CustomResourceDefinitions,
		},
	})
	if err != nil {
		return err
	}
	return manager.Start(ctx)
}

func cainjectorSettings() (*cainjector.CAInjectorConfiguration, error) {
	kinds, _, err := scheme.NewSchemeAndCodecs()
	if err != nil {
		return nil, err
	}
	written, settings := &v1alpha1.CAInjectorConfiguration{}, &cainjector.CAInjectorConfiguration{}
	kinds.Default(written)
	return settings, kinds.Convert(written, settings, nil)
}
