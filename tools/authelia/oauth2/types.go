// Package oauth2 has the types of Authelia's OAuth library that Authelia's own data model names, and nothing that runs: the module
// proxy does not serve the library. With them the packages compile that read the configuration, the users and the rules; the
// OpenID endpoints are not part of authelia-check.
// Source: the uses in authelia v4.39.20, internal/model/oidc.go.
package oauth2

import (
	"context"
	"errors"
	"net/url"
	"time"
)

type (
	// Arguments are scopes, audiences or response types.
	Arguments []string
	// ResponseModeType is how an answer reaches the client.
	ResponseModeType string
	// DeviceAuthorizeStatus is the state of a device's request.
	DeviceAuthorizeStatus int
	// Session is what a request remembers of a person.
	Session interface {
		GetSubject() string
		GetUsername() string
		Clone() Session
	}
	// Client is an application.
	Client interface{ GetID() string }
	// Storage finds clients.
	Storage interface {
		GetClient(ctx context.Context, id string) (Client, error)
	}
	// Requester is a request of a client.
	Requester interface {
		GetID() string
		GetClient() Client
		GetSession() Session
		GetRequestForm() url.Values
		GetRequestedAt() time.Time
		GetRequestedScopes() Arguments
		GetGrantedScopes() Arguments
		GetRequestedAudience() Arguments
		GetGrantedAudience() Arguments
	}
	// AuthorizeRequester asks for a person's consent.
	AuthorizeRequester interface {
		Requester
		GetResponseMode() ResponseModeType
		GetDefaultResponseMode() ResponseModeType
	}
	// DeviceAuthorizeRequester asks for a device.
	DeviceAuthorizeRequester interface {
		Requester
		GetDeviceCodeSignature() string
		GetUserCodeSignature() string
		GetStatus() DeviceAuthorizeStatus
		GetLastChecked() time.Time
	}
	// Request is what is stored of a request.
	Request struct {
		ID                                                               string
		RequestedAt                                                      time.Time
		Client                                                           Client
		RequestedScope, GrantedScope, RequestedAudience, GrantedAudience Arguments
		Form                                                             url.Values
		Session                                                          Session
	}
	// AuthorizeRequest is what is stored of a request for consent.
	AuthorizeRequest struct {
		Request
		State                               string
		RedirectURI                         *url.URL
		ResponseTypes, HandledResponseTypes Arguments
		ResponseMode, DefaultResponseMode   ResponseModeType
	}
	// DeviceAuthorizeRequest is what is stored of a device's request.
	DeviceAuthorizeRequest struct {
		Request
		DeviceCodeSignature, UserCodeSignature string
		Status                                 DeviceAuthorizeStatus
		LastChecked                            time.Time
	}
)

var errNone = errors.New("the OpenID endpoints are not part of this program")

func (r *Request) GetID() string                   { return r.ID }
func (r *Request) GetClient() Client               { return r.Client }
func (r *Request) GetSession() Session             { return r.Session }
func (r *Request) GetRequestForm() url.Values      { return r.Form }
func (r *Request) GetRequestedAt() time.Time       { return r.RequestedAt }
func (r *Request) GetRequestedScopes() Arguments   { return r.RequestedScope }
func (r *Request) GetGrantedScopes() Arguments     { return r.GrantedScope }
func (r *Request) GetRequestedAudience() Arguments { return r.RequestedAudience }
func (r *Request) GetGrantedAudience() Arguments   { return r.GrantedAudience }

func (r *AuthorizeRequest) GetResponseMode() ResponseModeType        { return r.ResponseMode }
func (r *AuthorizeRequest) GetDefaultResponseMode() ResponseModeType { return r.DefaultResponseMode }

// NewAuthorizeRequest is never called here.
func NewAuthorizeRequest() *AuthorizeRequest { panic(errNone) }

// RemoveEmpty is never called here.
func RemoveEmpty([]string) Arguments { panic(errNone) }
