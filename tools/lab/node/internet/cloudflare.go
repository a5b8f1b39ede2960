package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"strings"

	"github.com/miekg/dns"
)

const (
	base   = "/client/v4"
	zoneID = "0123456789abcdef0123456789abcdef"
)

// failure is an error in the words of Cloudflare's API, version 4.
type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type answer struct {
	Success  bool      `json:"success"`
	Errors   []failure `json:"errors"`
	Messages []string  `json:"messages"`
	Result   any       `json:"result"`
}

// provider is the part of Cloudflare's API that finds a zone, and lists, writes and removes its records.
func provider(names *zone, token string) http.Handler {
	routes := http.NewServeMux()
	records := base + "/zones/" + zoneID + "/dns_records"
	routes.HandleFunc("GET "+base+"/zones", func(w http.ResponseWriter, r *http.Request) {
		found := []map[string]string{}
		if name := r.URL.Query().Get("name"); name == "" || dns.Fqdn(strings.ToLower(name)) == names.apex {
			found = append(found, map[string]string{"id": zoneID, "name": strings.TrimSuffix(names.apex, "."), "status": "active"})
		}
		say(w, http.StatusOK, found)
	})
	routes.HandleFunc("GET "+records, func(w http.ResponseWriter, r *http.Request) {
		asked := r.URL.Query()
		say(w, http.StatusOK, names.list(asked.Get("name"), asked.Get("type")))
	})
	routes.HandleFunc("POST "+records, func(w http.ResponseWriter, r *http.Request) {
		var wanted record
		if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
			say(w, http.StatusBadRequest, nil, failure{9207, "Request body is invalid."})
			return
		}
		made, refused := names.add(wanted)
		if refused != nil {
			say(w, http.StatusBadRequest, nil, *refused)
			return
		}
		log.Printf("cloudflare: created %s %s %s", made.Type, made.Name, made.ID)
		say(w, http.StatusOK, made)
	})
	routes.HandleFunc("DELETE "+records+"/{id}", func(w http.ResponseWriter, r *http.Request) {
		gone, found := names.remove(r.PathValue("id"))
		if !found {
			say(w, http.StatusNotFound, nil, failure{81044, "Record does not exist."})
			return
		}
		log.Printf("cloudflare: removed %s %s %s", gone.Type, gone.Name, gone.ID)
		say(w, http.StatusOK, map[string]string{"id": gone.ID})
	})
	routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		say(w, http.StatusNotFound, nil, failure{7003, fmt.Sprintf("Could not route to %s", r.URL.Path)})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			log.Printf("cloudflare: refused %s %s", r.Method, r.URL.Path)
			say(w, http.StatusForbidden, nil, failure{9109, "Invalid access token"})
			return
		}
		routes.ServeHTTP(w, r)
	})
}

func say(w http.ResponseWriter, status int, result any, errors ...failure) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer{Success: len(errors) == 0, Errors: append([]failure{}, errors...), Messages: []string{}, Result: result})
}
