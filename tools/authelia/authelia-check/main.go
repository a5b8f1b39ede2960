// Reads Authelia's configuration and its users with Authelia's own code, and says what it makes of them.
//
// Standard input is a JSON object: `config` (paths, as X_AUTHELIA_CONFIG), `passwords` (user → password), `secrets` (client of OpenID
// → secret) and `urls`. The environment has the variables of the pod. Standard output is a JSON object with the same keys, and
// `problems`.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/authelia/authelia/v4/internal/authentication"
	"github.com/authelia/authelia/v4/internal/authorization"
	"github.com/authelia/authelia/v4/internal/configuration"
	"github.com/authelia/authelia/v4/internal/configuration/schema"
)

type request struct {
	Config    []string          `json:"config"`
	Passwords map[string]string `json:"passwords"`
	Secrets   map[string]string `json:"secrets"`
	URLs      []string          `json:"urls"`
}

type client struct {
	Matches bool `json:"matches"`
	// Policy is what the client requires of a person.
	Policy       string   `json:"policy"`
	RedirectURIs []string `json:"redirectURIs"`
	Scopes       []string `json:"scopes"`
}

type answer struct {
	Problems []string `json:"problems"`
	// Warnings are about deprecated keys.
	Warnings  []string          `json:"warnings"`
	Passwords map[string]bool   `json:"passwords"`
	Clients   map[string]client `json:"clients"`
	// Access is user → URL → level; the user "" is nobody.
	Access map[string]map[string]string `json:"access"`
	// Secrets names the secrets of the configuration that are set.
	Secrets map[string]bool `json:"secrets"`
	Keys    []string        `json:"keys"`
}

func main() {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if err := json.NewEncoder(os.Stdout).Encode(check(asked)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// check loads the configuration as the program does at its start.
func check(asked request) answer {
	found := answer{Passwords: map[string]bool{}, Clients: map[string]client{}, Access: map[string]map[string]string{}}
	validator := schema.NewStructValidator()
	filters, err := configuration.NewFileFilters(strings.Split(os.Getenv("X_AUTHELIA_CONFIG_FILTERS"), ","))
	if err != nil {
		found.Problems = append(found.Problems, err.Error())
		return found
	}
	sources := configuration.NewDefaultSourcesWithDefaults(asked.Config, filters, configuration.DefaultEnvPrefix,
		configuration.DefaultEnvDelimiter, []configuration.Source{configuration.NewDefaultsSource()})
	definitions, err := configuration.LoadDefinitions(validator, sources...)
	if err != nil {
		validator.Push(err)
	}
	config := &schema.Configuration{}
	keys, err := configuration.LoadAdvanced(validator, "", config, definitions, sources...)
	if err != nil {
		validator.Push(err)
	}
	for _, key := range keys {
		if !known(key) {
			validator.Push(fmt.Errorf("configuration key not expected: %s", key))
		}
	}
	for _, problem := range validator.Errors() {
		found.Problems = append(found.Problems, problem.Error())
	}
	for _, warning := range validator.Warnings() {
		found.Warnings = append(found.Warnings, warning.Error())
	}
	if len(found.Problems) == 0 {
		found.read(asked, config)
	}
	return found
}

// known is whether a key is one of the schema, whose wildcards stand for names.
func known(key string) bool {
	return slices.ContainsFunc(schema.Keys, func(pattern string) bool {
		text := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `[^.]+`)
		return regexp.MustCompile("^" + text + "$").MatchString(key)
	})
}

// read tries what the configuration names: the users, the clients, the rules and the keys.
func (found *answer) read(asked request, config *schema.Configuration) {
	found.Secrets = map[string]bool{
		"session":        config.Session.Secret != "",
		"storage":        config.Storage.EncryptionKey != "",
		"reset-password": config.IdentityValidation.ResetPassword.JWTSecret != "",
	}
	if oidc := config.IdentityProviders.OIDC; oidc != nil {
		found.Secrets["openid"] = oidc.HMACSecret != ""
		for _, key := range oidc.JSONWebKeys {
			found.Keys = append(found.Keys, fmt.Sprintf("%s %s %T", key.KeyID, key.Algorithm, key.Key))
		}
		for _, item := range oidc.Clients {
			matches := item.Secret != nil && item.Secret.Match(asked.Secrets[item.ID])
			uris := append([]string{}, item.RedirectURIs...)
			found.Clients[item.ID] = client{Matches: matches, Policy: item.AuthorizationPolicy, RedirectURIs: uris, Scopes: item.Scopes}
		}
	}
	// The defaults of new hashes, which the validation of the program adds.
	config.AuthenticationBackend.File.Password = schema.DefaultPasswordConfig
	users := authentication.NewFileUserProvider(config.AuthenticationBackend.File)
	if err := users.StartupCheck(); err != nil {
		found.Problems = append(found.Problems, err.Error())
		return
	}
	authorizer := authorization.NewAuthorizer(config)
	found.Access[""] = levels(authorizer, authorization.Subject{IP: net.IPv4(192, 168, 1, 20)}, asked.URLs)
	for name, password := range asked.Passwords {
		match, err := users.CheckUserPassword(name, password)
		details, missing := users.GetDetails(name)
		if err != nil || missing != nil {
			found.Problems = append(found.Problems, fmt.Sprintf("%s: %v %v", name, err, missing))
			continue
		}
		found.Passwords[name] = match
		subject := authorization.Subject{Username: name, Groups: details.Groups, IP: net.IPv4(192, 168, 1, 20)}
		found.Access[name] = levels(authorizer, subject, asked.URLs)
	}
}

// levels is what each URL requires of somebody.
func levels(authorizer *authorization.Authorizer, subject authorization.Subject, urls []string) map[string]string {
	found := map[string]string{}
	for _, text := range urls {
		target, err := url.Parse(text)
		if err != nil {
			found[text] = err.Error()
			continue
		}
		_, level := authorizer.GetRequiredLevel(subject, authorization.NewObject(target, "GET"))
		found[text] = level.String()
	}
	return found
}
