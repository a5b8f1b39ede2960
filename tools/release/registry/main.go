// The embedded registry: CNCF distribution, which lets nobody take back what it has published.
//
// A tag is set once; setting it again to the same manifest is accepted, to another one is not. The list of what refers
// to a manifest, which clients keep under a tag, may grow. Nothing is deleted, whatever the configuration says.
// Everything else is distribution's own.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"sync"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry"
	"github.com/distribution/distribution/v3/registry/api/errcode"
	v2 "github.com/distribution/distribution/v3/registry/api/v2"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	"github.com/gorilla/mux"
	"github.com/opencontainers/go-digest"
)

// As distribution itself limits a manifest: registry/handlers/manifests.go.
const maxManifest = 4 * 1024 * 1024

// Every kind that distribution stores; it hides a manifest from a reader that does not name its kind.
var kinds = []string{
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
}

// The tag of the list of what refers to a manifest. Source: OCI distribution specification 1.1, Referrers Tag Schema.
var listTag = regexp.MustCompile(`^sha256-[0-9a-f]{64}$`)

func main() {
	registry.RootCmd.RemoveCommand(registry.GCCmd)
	registry.RegisterHandler(func(_ *configuration.Configuration, next http.Handler) http.Handler {
		return &createOnly{next: next}
	})
	if err := registry.RootCmd.Execute(); err != nil {
		os.Exit(1)
	}
}

// createOnly refuses to move a tag, and to delete.
type createOnly struct {
	next http.Handler
	// Held from the look at a tag until it is set.
	tagging sync.Mutex
}

func (c *createOnly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var match mux.RouteMatch
	if !v2.Router().Match(r, &match) || match.Route == nil {
		c.next.ServeHTTP(w, r)
		return
	}
	switch route := match.Route.GetName(); {
	case r.Method == http.MethodDelete && (route == v2.RouteNameManifest || route == v2.RouteNameBlob):
		refuse(w, http.StatusMethodNotAllowed, errcode.ErrorCodeUnsupported, "this registry deletes nothing", nil)
	case r.Method == http.MethodPut && route == v2.RouteNameManifest:
		c.put(w, r, match.Vars["name"], match.Vars["reference"])
	default:
		c.next.ServeHTTP(w, r)
	}
}

func (c *createOnly) put(w http.ResponseWriter, r *http.Request, name, reference string) {
	if _, err := digest.Parse(reference); err == nil {
		c.next.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxManifest))
	if err != nil {
		refuse(w, http.StatusBadRequest, errcode.ErrorCodeManifestInvalid, err.Error(), nil)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	c.tagging.Lock()
	defer c.tagging.Unlock()
	there := c.tagged(r, http.MethodHead)
	sent := digest.FromBytes(body).String()
	switch {
	case there.status == http.StatusOK && listTag.MatchString(reference) && grows(c.tagged(r, http.MethodGet), body):
		c.next.ServeHTTP(w, r)
	case there.status == http.StatusOK && there.header.Get("Docker-Content-Digest") != sent:
		refuse(w, http.StatusConflict, errcode.ErrorCodeDenied,
			fmt.Sprintf("tag %s of %s is published with another manifest, and a tag never moves", reference, name),
			map[string]string{"published": there.header.Get("Docker-Content-Digest"), "sent": sent})
	case there.status >= http.StatusInternalServerError:
		refuse(w, there.status, errcode.ErrorCodeUnknown, "the tag cannot be looked up", nil)
	default:
		// Free, the same once more, or not ours to answer: without a login, distribution says so itself.
		c.next.ServeHTTP(w, r)
	}
}

// grows tells whether a list has everything that is in the one before it.
func grows(there *answer, sent []byte) bool {
	before, after := entries(there.body.Bytes()), entries(sent)
	if there.status != http.StatusOK || before == nil || after == nil {
		return false
	}
	for entry := range before {
		if !after[entry] {
			return false
		}
	}
	return true
}

// entries are the digests of an index; nil when it is none.
func entries(body []byte) map[string]bool {
	var index struct {
		MediaType string `json:"mediaType"`
		Manifests []struct {
			Digest string `json:"digest"`
		} `json:"manifests"`
	}
	if json.Unmarshal(body, &index) != nil || index.MediaType != "application/vnd.oci.image.index.v1+json" {
		return nil
	}
	found := map[string]bool{}
	for _, one := range index.Manifests {
		found[one.Digest] = true
	}
	return found
}

// tagged is the answer to a HEAD or GET of the same tag by the same client.
func (c *createOnly) tagged(r *http.Request, method string) *answer {
	look := r.Clone(r.Context())
	look.Method, look.Body, look.ContentLength = method, http.NoBody, 0
	look.Header["Accept"] = kinds
	there := &answer{header: http.Header{}, status: http.StatusOK}
	c.next.ServeHTTP(there, look)
	return there
}

// answer keeps a response.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header            { return a.header }
func (a *answer) Write(body []byte) (int, error) { return a.body.Write(body) }
func (a *answer) WriteHeader(status int)         { a.status = status }

func refuse(w http.ResponseWriter, status int, code errcode.ErrorCode, message string, detail any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Docker-Distribution-API-Version", "registry/2.0")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(errcode.Errors{errcode.Error{Code: code, Message: message, Detail: detail}})
}
