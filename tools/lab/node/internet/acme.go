package main

import (
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
)

// directory is where Let's Encrypt has what pebble has at wfe.DirectoryPath.
const directory = "/directory"

// authority is one pebble with accounts, a root and a profile of its own: it picks one of several by chance.
func authority(host string, validity uint64, given settings) http.Handler {
	logger := log.New(os.Stdout, host+" ", log.LstdFlags)
	store := db.NewMemoryStore()
	profiles := map[string]ca.Profile{"classic": {Description: "the only one", ValidityPeriod: validity}}
	signer := ca.New(logger, store, "", "ecdsa", 0, 1, profiles)
	must(os.WriteFile(filepath.Join(given.Roots, host+".crt"), signer.GetRootCert(0).PEM(), 0o644))
	validator := va.New(logger, 80, 443, true, net.JoinHostPort(given.Resolvers[0], "53"), store)
	front := wfe.New(logger, store, validator, signer, []string{"letsencrypt.org"}, true, false, 3, 5)
	pebble := front.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == directory {
			r.URL.Path = wfe.DirectoryPath
		}
		pebble.ServeHTTP(w, r)
	})
}
