// Package crds names the Go packages whose types our custom resource definitions are generated from.
// Nothing is compiled from it: the imports keep the modules in go.mod, where a bump is then the upgrade of the definitions.
package crds

import (
	_ "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1" // monitoring.coreos.com
	_ "github.com/traefik/traefik/v3/pkg/provider/kubernetes/crd/traefikio/v1alpha1" // traefik.io
)
