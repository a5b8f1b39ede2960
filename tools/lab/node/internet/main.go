// What a home needs of the internet: certificate authorities, the DNS provider of its domain, two recursive resolvers, and a
// server for its backups. `internet FILE` serves them at addresses of the machine that it runs on.
//
// The authorities are pebble, Let's Encrypt's own test server: it keeps accounts, checks signatures and nonces, and asks a
// resolver for the record of a challenge before it signs. The DNS provider has the part of Cloudflare's API that writes
// records; what is written there is what the resolvers answer. Backups are on restic's own REST server.
package main

import (
	"crypto/tls"
	"encoding/json"
	"log"
	"net"
	"net/http"
	"os"

	restserver "github.com/restic/rest-server"
)

type settings struct {
	// Web is the address of every host name.
	Web string `json:"web"`
	// Resolvers are addresses that answer on port 53.
	Resolvers []string `json:"resolvers"`
	// Certificate and Key serve every host name.
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
	// Authorities: host name → seconds that its certificates are valid.
	Authorities map[string]uint64 `json:"authorities"`
	// Bundle becomes the certificates of the files in Trusted, which may be roots.
	Bundle  string   `json:"bundle"`
	Trusted []string `json:"trusted"`
	// Roots is a folder: `HOST.crt` becomes the root of an authority.
	Roots string `json:"roots"`
	// API is the host name of the DNS provider, Zone the domain that it has, and Token who may write there.
	API   string `json:"api"`
	Zone  string `json:"zone"`
	Token string `json:"token"`
	// Backups is the host name of the server for backups, Repositories the folder that it has them in.
	Backups      string `json:"backups"`
	Repositories string `json:"repositories"`
}

func main() {
	log.SetFlags(log.LstdFlags | log.Lmicroseconds)
	text, err := os.ReadFile(os.Args[1])
	must(err)
	var given settings
	must(json.Unmarshal(text, &given))

	names := newZone(given.Zone)
	hosts := map[string]http.Handler{given.API: provider(names, given.Token)}
	for host, validity := range given.Authorities {
		hosts[host] = authority(host, validity, given)
	}
	var bundle []byte
	for _, file := range given.Trusted {
		content, err := os.ReadFile(file)
		must(err)
		bundle = append(bundle, content...)
	}
	must(os.WriteFile(given.Bundle, bundle, 0o644))
	backups, err := restserver.NewHandler(&restserver.Server{Path: given.Repositories, NoAuth: true})
	must(err)
	hosts[given.Backups] = backups
	known := map[string]string{}
	for host := range hosts {
		known[host] = given.Web
	}
	for _, address := range given.Resolvers {
		must(resolve(address, names, known))
	}
	pair, err := tls.LoadX509KeyPair(given.Certificate, given.Key)
	must(err)
	listener, err := net.Listen("tcp", net.JoinHostPort(given.Web, "443"))
	must(err)
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, known := hosts[r.Host]
		if !known {
			http.Error(w, "there is no such host", http.StatusMisdirectedRequest)
			return
		}
		handler.ServeHTTP(w, r)
	})}
	must(server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
