package policy

import (
	"net/http"
	"net/url"
	"strings"
)

// NotFound is the failure of calls that no operation takes.
func NotFound() *Failure {
	f := refuse(http.StatusNotFound, "configuration", "OperationNotFound", "Unable to match incoming request to an operation.")
	f.Shown = "Resource not found"
	return f
}

// MissingKey is the failure of calls without a key.
func MissingKey() *Failure {
	return refuse(http.StatusUnauthorized, "authorization", "SubscriptionKeyNotFound",
		"Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.")
}

// InvalidKey is the failure of calls whose key opens nothing here.
func InvalidKey() *Failure {
	return refuse(http.StatusUnauthorized, "authorization", "SubscriptionKeyInvalid",
		"Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.")
}

// MissingCertificate is the failure of calls without a certificate to a service that
// demands one of everybody.
func MissingCertificate() *Failure {
	return refuse(http.StatusForbidden, "authorization", "ClientCertificateNotFound", "A client certificate is required.")
}

// Unavailable is the failure of calls to a backend whose circuit is open.
func Unavailable(message string) *Failure {
	f := broken("forward-request", "CircuitBreakerOpen", message)
	f.Status, f.Shown = http.StatusServiceUnavailable, "Service Unavailable"
	return f
}

// Refuse ends an exchange before its policies ran, as a failure of theirs: on-error of
// its documents runs.
func Refuse(x *Exchange, err error) {
	x.fail(err)
	x.finish()
}

// Lead gives the request its way: to the URL of the API's backend (see ParseBase), and
// below it the path that came. Without a URL only policies can give one.
func (x *Exchange) Lead(base *url.URL, rest string) {
	r := x.Request
	r.Scheme, r.Host, r.PathBase, r.Path, r.Query = r.Original.Scheme, r.Original.Host, "", rest, r.Original.RawQuery
	if base == nil {
		x.homeless = true
		return
	}
	if rest == "/" && !strings.HasSuffix(r.Original.Path, "/") {
		r.Path = ""
	}
	x.lead(base)
}
