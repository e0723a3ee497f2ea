package functions

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// AuthLevel is the key a caller has to present, where the host checks keys.
type AuthLevel string

// The levels of an HTTP function, from open to closed.
const (
	AuthAnonymous AuthLevel = "anonymous" // no key
	AuthFunction  AuthLevel = "function"  // the function's key, or the app's
	AuthAdmin     AuthLevel = "admin"     // the app's master key
)

// HTTPTrigger says which requests start a function registered with [App.HTTP].
type HTTPTrigger struct {
	// Route is the path below the app's prefix (which is "api" unless host.json
	// says otherwise): the function's name when empty, and "/" for the prefix
	// itself. It may have parameters: "devices/{id}", "orders/{id:int?}",
	// "files/{*path}". Their values are in [http.Request.PathValue].
	Route string

	// Methods are the request methods that it answers: all when empty.
	Methods []string

	// Auth is the key that callers have to present: [AuthFunction] when empty.
	Auth AuthLevel
}

// HTTP registers a function that answers HTTP requests. The handler is an
// ordinary one: route parameters are in [http.Request.PathValue], the request's
// context carries the invocation. A mux or any other [http.Handler] is
// registered by its ServeHTTP method.
//
// The response streams: what is written goes out at once ([http.Flusher]), and
// the request may be read while the response is written. The response of a
// function with outputs does not, since it waits until these are written.
func (a *App) HTTP(name string, t HTTPTrigger, handle func(http.ResponseWriter, *http.Request), bindings ...Binding) {
	internal := &httpTrigger{handler: handle, route: name, methods: t.Methods, auth: t.Auth}
	if t.Route != "" {
		internal.route = strings.Trim(t.Route, "/")
	}
	if internal.auth == "" {
		internal.auth = AuthFunction
	}
	a.add(name, internal, Retry{}, handle == nil, bindings)
}

// httpTrigger is an HTTPTrigger with its defaults filled in.
type httpTrigger struct {
	handler func(http.ResponseWriter, *http.Request)
	route   string
	methods []string
	auth    AuthLevel
}

func (t *httpTrigger) kind() string { return "httpTrigger" }

// httpMethods are those a host routes.
var httpMethods = []string{"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"}

func (t *httpTrigger) problems() []string {
	var out []string
	for _, m := range t.methods {
		if !slices.Contains(httpMethods, strings.ToUpper(m)) {
			out = append(out, fmt.Sprintf("HTTPTrigger.Methods %q: use one of %s", m, strings.Join(httpMethods, ", ")))
		}
	}
	switch t.auth {
	case AuthAnonymous, AuthFunction, AuthAdmin:
	default:
		out = append(out, fmt.Sprintf("HTTPTrigger.Auth %q: use AuthAnonymous, AuthFunction or AuthAdmin", t.auth))
	}
	if _, err := parseRoute(t.route); err != nil {
		out = append(out, fmt.Sprintf("HTTPTrigger.Route %q: %v", t.route, err))
	}
	return out
}

// answers reports whether the function takes a request method.
func (t *httpTrigger) answers(method string) bool {
	return len(t.methods) == 0 || slices.ContainsFunc(t.methods, func(m string) bool { return strings.EqualFold(m, method) })
}

// routeClash says why f and other cannot both be registered, or "".
func routeClash(f, other *function) string {
	a, ok := f.trigger.(*httpTrigger)
	b, isHTTP := other.trigger.(*httpTrigger)
	if !ok || !isHTTP || !strings.EqualFold(a.route, b.route) {
		return ""
	}
	for _, m := range httpMethods {
		if a.answers(m) && b.answers(m) {
			return fmt.Sprintf("%s %s is already the route of function %s", m, a.route, other.name)
		}
	}
	return ""
}

type httpBinding struct {
	Name      string    `json:"name"`
	Type      string    `json:"type"`
	Direction string    `json:"direction"`
	AuthLevel AuthLevel `json:"authLevel,omitempty"`
	Methods   []string  `json:"methods,omitempty"`
	Route     string    `json:"route,omitempty"`
}

func (t *httpTrigger) binding() any {
	b := httpBinding{Name: "req", Type: t.kind(), Direction: "in", AuthLevel: t.auth, Route: t.route}
	for _, m := range t.methods {
		b.Methods = append(b.Methods, strings.ToLower(m))
	}
	return b
}

// httpReturn is the binding of the response.
func httpReturn(name string) any {
	return httpBinding{Name: name, Type: "http", Direction: "out"}
}

// decode returns the request and where its response goes: to the host whole, or
// as it is written where the host forwarded the request itself.
func (t *httpTrigger) decode(ctx context.Context, c *call) (Input, error) {
	if c.http != nil {
		return *c.http, nil
	}
	if c.exchange != nil && c.exchange.out == nil { // the request told of everything
		return c.exchange.input(nil), nil
	}
	in, err := input(c.request, "req")
	if err != nil {
		return nil, err
	}
	if c.exchange != nil {
		return c.exchange.input(in.GetHttp()), nil
	}
	r, err := newRequest(ctx, in.GetHttp())
	if err != nil {
		return nil, err
	}
	return HTTPExchange{&responseBuffer{header: http.Header{}}, r}, nil
}

func (t *httpTrigger) handle(ctx context.Context, in Input) error {
	x, ok := in.(HTTPExchange)
	if !ok {
		return wrongInput(in, HTTPExchange{})
	}
	t.handler(x.Response, x.Request.WithContext(ctx))
	return nil
}
