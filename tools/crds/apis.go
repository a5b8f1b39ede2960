// Package crds names the Go packages whose types our custom resource definitions are generated from.
// Nothing is compiled from it: the imports keep the modules in go.mod, where a bump is then the upgrade of the definitions.
package crds

import (
	_ "github.com/bitnami/sealed-secrets/pkg/apis/sealedsecrets/v1alpha1" // bitnami.com
	_ "github.com/cert-manager/cert-manager/pkg/apis/acme/v1" // acme.cert-manager.io
	_ "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1" // cert-manager.io
	_ "github.com/cloudnative-pg/cloudnative-pg/api/v1" // postgresql.cnpg.io
	_ "go.universe.tf/metallb/api/v1beta1" // metallb.io
	_ "go.universe.tf/metallb/api/v1beta2" // metallb.io
	_ "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1" // monitoring.coreos.com
	_ "github.com/traefik/traefik/v3/pkg/provider/kubernetes/crd/traefikio/v1alpha1" // traefik.io
)
