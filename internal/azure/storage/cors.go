package storage

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// CorsRule lets pages of some origins in.
type CorsRule struct {
	AllowedOrigins  string // separated by commas, as all; * is every origin
	AllowedMethods  string
	AllowedHeaders  string // x-ms-* is every header with the prefix, * every header
	ExposedHeaders  string
	MaxAgeInSeconds int
}

// corsMethods are those that a rule may allow.
var corsMethods = []string{"DELETE", "GET", "HEAD", "MERGE", "POST", "OPTIONS", "PUT", "PATCH"}

// maxCorsText bounds each field of a rule; Azure allows 64 origins and headers.
const maxCorsText = 16 << 10

func (c *CorsRule) check() error {
	for _, f := range [...]string{c.AllowedOrigins, c.AllowedMethods, c.AllowedHeaders, c.ExposedHeaders} {
		if len(f) > maxCorsText {
			return nodeError("CorsRule", f, "It is too long.")
		}
	}
	if c.AllowedOrigins == "" || c.AllowedMethods == "" || c.MaxAgeInSeconds < 0 {
		return nodeError("CorsRule", c.AllowedOrigins, "A rule has AllowedOrigins, AllowedMethods and a MaxAgeInSeconds of 0 or more.")
	}
	for m := range list(c.AllowedMethods) {
		if !slices.Contains(corsMethods, m) {
			return nodeError("AllowedMethods", m, "Methods are "+strings.Join(corsMethods, ", ")+".")
		}
	}
	return nil
}

// list walks a list that is separated by commas.
func list(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" && !yield(part) {
				return
			}
		}
	}
}

// origin is what a reply to the origin says: itself, *, or "" when the rule is not
// for it.
func (c *CorsRule) origin(origin string) string {
	for o := range list(c.AllowedOrigins) {
		if o == "*" || o == origin {
			return o
		}
	}
	return ""
}

func (c *CorsRule) allows(origin, method string) bool {
	if origin == "" || c.origin(origin) == "" {
		return false
	}
	for m := range list(c.AllowedMethods) {
		if m == method {
			return true
		}
	}
	return false
}

func (c *CorsRule) allowsHeaders(names string) bool {
	for name := range list(names) {
		if !matchesHeader(c.AllowedHeaders, name) {
			return false
		}
	}
	return true
}

// matchesHeader reports whether a list of names and prefixes has the name.
func matchesHeader(allowed, name string) bool {
	for a := range list(allowed) {
		prefix, wild := strings.CutSuffix(a, "*")
		if wild && len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) || strings.EqualFold(a, name) {
			return true
		}
	}
	return false
}

func (c *Cors) append(b []byte) []byte {
	b = append(b, "<Cors>"...)
	if c != nil {
		for _, r := range c.Rules {
			b = append(b, "<CorsRule>"...)
			b = AppendElement(b, "AllowedOrigins", r.AllowedOrigins)
			b = AppendElement(b, "AllowedMethods", r.AllowedMethods)
			b = AppendElement(b, "AllowedHeaders", r.AllowedHeaders)
			b = AppendElement(b, "ExposedHeaders", r.ExposedHeaders)
			b = AppendElement(b, "MaxAgeInSeconds", strconv.Itoa(r.MaxAgeInSeconds))
			b = append(b, "</CorsRule>"...)
		}
	}
	return append(b, "</Cors>"...)
}

// corsRules are the service's rules.
func (e *Endpoint) corsRules() []CorsRule {
	if c := e.Properties().Cors; c != nil {
		return c.Rules
	}
	return nil
}

// AllowsOrigin reports whether a rule lets the page in that a request comes from.
func (e *Endpoint) AllowsOrigin(h *http.Request) bool {
	return slices.ContainsFunc(e.corsRules(), func(c CorsRule) bool { return c.allows(h.Header.Get("Origin"), h.Method) })
}

// Preflight answers OPTIONS, by which browsers ask before they send a request of a
// page. Nobody has to authenticate for it.
func (e *Endpoint) Preflight(w http.ResponseWriter, r *Request) error {
	origin, method := r.Header("Origin"), r.Header("Access-Control-Request-Method")
	if origin == "" {
		return InvalidHeader("Origin", "")
	}
	if !slices.Contains(corsMethods, method) {
		return InvalidHeader("Access-Control-Request-Method", method)
	}
	headers := r.Header("Access-Control-Request-Headers")
	for _, c := range e.corsRules() {
		if !c.allows(origin, method) || !c.allowsHeaders(headers) {
			continue
		}
		h := w.Header()
		setOrigin(h, c.origin(origin))
		h["Access-Control-Allow-Methods"] = []string{method}
		if headers != "" {
			h["Access-Control-Allow-Headers"] = []string{headers}
		}
		h["Access-Control-Max-Age"] = []string{strconv.Itoa(c.MaxAgeInSeconds)}
		h["Content-Length"] = []string{"0"}
		w.WriteHeader(http.StatusOK)
		return nil
	}
	return Fail("CorsPreflightFailure")
}

func setOrigin(h http.Header, origin string) {
	h["Access-Control-Allow-Origin"] = []string{origin}
	if origin != "*" {
		h["Access-Control-Allow-Credentials"] = []string{"true"}
	}
}

// cors writes what a page needs into the headers of a reply, and what caches need:
// where a rule names origins, the answer depends on who asks.
func (e *Endpoint) cors(h http.Header, r *Request) {
	rules := e.corsRules()
	if len(rules) == 0 {
		return
	}
	origin := r.Header("Origin")
	vary := origin == ""
	for i := range rules {
		if rules[i].allows(origin, r.Method()) {
			allowed := rules[i].origin(origin)
			setOrigin(h, allowed)
			r.exposed, vary = rules[i].ExposedHeaders, allowed != "*"
			break
		}
	}
	if vary {
		h["Vary"] = []string{"Origin"}
	}
}

// Expose names the headers of the reply that a page may read, by the rule that let it
// in. Services call it when the headers of a reply are complete; WriteError does.
func (r *Request) Expose(h http.Header) {
	if r.exposed == "" {
		return
	}
	var names []string
	for name := range h {
		if matchesHeader(r.exposed, name) && !strings.HasPrefix(name, "Access-Control-") {
			names = append(names, strings.ToLower(name))
		}
	}
	slices.Sort(names)
	if len(names) > 0 {
		h["Access-Control-Expose-Headers"] = []string{strings.Join(names, ",")}
	}
}
