// Package ext stands in for the extension points that Traefik keeps in a module of its own.
// Traefik's go.mod replaces that module by one that lies inside its repository, which a requiring module cannot do.
// The types are empty upstream too, so the definitions generated from them are the same.
package ext

// HTTP has no fields in the open-source build.
type HTTP struct{}

// Router has no fields in the open-source build.
type Router struct{}
