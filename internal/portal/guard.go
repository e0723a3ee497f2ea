package portal

import (
	"net"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// policy is what the pages may do in a browser: load from here, nothing else.
const policy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

// guard keeps other sites' pages out. A browser that was lured elsewhere can
// still reach loopback, in two ways:
//
//   - A page of another site sends a request here. It cannot read the answer,
//     but a POST would have its effect: cross-origin requests with an unsafe
//     method are refused by Sec-Fetch-Site and Origin. Programs that are no
//     browser send neither, and may push rows.
//   - A name of another site that resolves to this machine (DNS rebinding).
//     Then the browser thinks that it is the same origin; its Host header still
//     carries the foreign name, so only loopback names and IP addresses pass.
func (s *Server) guard(next http.Handler) http.Handler {
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, fault.New(fault.Forbidden, "", "a page of another origin may not change anything here"))
	}))
	inner := sameOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !trustedHost(r.Host) {
			s.fail(w, r, fault.New(fault.Forbidden, "", "this portal is reached by its IP address or as localhost, not as %q", r.Host))
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// trustedHost reports whether a Host header cannot come from a foreign name.
func trustedHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host) != nil
}
