package functions

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// cors lets browsers of chosen origins call.
type cors struct {
	origins     []string
	all         bool
	credentials bool
}

func newCORS(configured []string, local settings.LocalHost) (cors, error) {
	origins := configured
	if len(origins) == 0 && local.CORS != "" {
		origins = strings.Split(local.CORS, ",")
	}
	c := cors{credentials: local.CORSCredentials}
	for _, o := range origins {
		o = strings.TrimSuffix(strings.TrimSpace(o), "/")
		if u, err := url.Parse(o); o != "*" && (err != nil || u.Scheme == "" || u.Host == "" || u.Path != "") {
			return c, fault.New(fault.Invalid, "CORS", "%q is not an origin such as https://example.org, nor *", o)
		}
		c.all = c.all || o == "*"
		c.origins = append(c.origins, o)
	}
	return c, nil
}

// allows reports whether a rule names the origin.
func (c cors) allows(origin string) bool {
	return origin != "" && (c.all || slices.Contains(c.origins, origin))
}

// handle adds the headers for an allowed origin and answers preflights, in
// which case it returns true.
func (c cors) handle(w http.ResponseWriter, r *http.Request, methods func(path string) []string) bool {
	origin := r.Header.Get("Origin")
	if !c.allows(origin) {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	switch {
	case c.all && !c.credentials:
		h.Set("Access-Control-Allow-Origin", "*")
	default:
		h.Set("Access-Control-Allow-Origin", origin)
		if c.credentials {
			h.Set("Access-Control-Allow-Credentials", "true")
		}
	}
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", strings.Join(methods(r.URL.EscapedPath()), ","))
	if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
		h.Set("Access-Control-Allow-Headers", wanted)
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}
