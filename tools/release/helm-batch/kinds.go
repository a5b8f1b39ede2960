package main

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// Helm's lint registers all kinds of Kubernetes anew for each object that it looks at. They are registered once here, and
// nobody adds one. Source: helm v4.3.1 pkg/chart/v2/lint/rules/deprecations.go, resourceToRuntimeObject.
func init() {
	register, all := scheme.AddToScheme, runtime.NewScheme()
	failed := register(all)
	scheme.AddToScheme = func(empty *runtime.Scheme) error {
		*empty = *all
		return failed
	}
}
