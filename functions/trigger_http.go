package functions

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/funcrpc"
)

// AuthLevel is the key a caller has to present, where the host checks keys.
type AuthLevel string

// The levels of an HTTP function, from open to closed.
const (
	AuthAnonymous AuthLevel = "anonymous" // no key
	AuthFunction  AuthLevel = "function"  // the function's key, or the app's
	AuthAdmin     AuthLevel = "admin"     // the app's master key
)

// Auth sets the level instead of [AuthFunction].
func Auth(level AuthLevel) HTTPOption {
	return httpOption(func(t *httpTrigger) { t.auth = level })
}

// Methods limits the function to some request methods.
func Methods(methods ...string) HTTPOption {
	return httpOption(func(t *httpTrigger) { t.methods = append(t.methods, methods...) })
}

// Route sets the path below the app's prefix (which is "api" unless host.json
// says otherwise), instead of the function's name. It may have parameters:
// "devices/{id}", "orders/{id:int?}", "files/{*path}". Their values are in
// [http.Request.PathValue].
func Route(template string) HTTPOption {
	return httpOption(func(t *httpTrigger) { t.route = strings.Trim(template, "/") })
}

type httpTrigger struct {
	handle  func(http.ResponseWriter, *http.Request)
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
			out = append(out, fmt.Sprintf("Methods(%q): use one of %s", m, strings.Join(httpMethods, ", ")))
		}
	}
	switch t.auth {
	case AuthAnonymous, AuthFunction, AuthAdmin:
	default:
		out = append(out, fmt.Sprintf("Auth(%q): use AuthAnonymous, AuthFunction or AuthAdmin", t.auth))
	}
	if _, err := parseRoute(t.route); err != nil {
		out = append(out, fmt.Sprintf("Route(%q): %v", t.route, err))
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

func (t *httpTrigger) invoke(ctx context.Context, c *call) error {
	in, err := input(c.request, "req")
	if err != nil {
		return err
	}
	if c.exchange != nil {
		t.stream(ctx, c.exchange, in.GetHttp())
		return nil
	}
	r, err := newRequest(ctx, in.GetHttp())
	if err != nil {
		return err
	}
	w := &responseBuffer{header: http.Header{}}
	t.handle(w, r)
	c.answer, err = w.rpc()
	return err
}

// stream serves a request that the host forwarded; in carries the route's
// parameters.
func (t *httpTrigger) stream(ctx context.Context, e *exchange, in *funcrpc.RpcHttp) {
	r := e.r.WithContext(ctx)
	for name, value := range merged(in.Params, in.NullableParams) {
		r.SetPathValue(name, value)
	}
	if from := caller(r.Header); from != "" {
		r.RemoteAddr = from
	}
	t.handle(e.w, r)
}
