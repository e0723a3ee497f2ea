package insights

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"google.golang.org/grpc"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kql"
)

// Service answers for all components. It is safe for concurrent use.
type Service struct {
	Components Components
	Access     Access
	// Run is the language.
	Run func(ctx context.Context, tables kql.Tables, query string, o kql.Options) (*kql.Result, error)
	Log *slog.Logger

	buffers wire.Buffers
	held    atomic.Int64 // bytes of bodies that are being read
	once    sync.Once    // makes running
	running chan struct{}

	grpcOnce sync.Once // makes grpc and exports
	grpc     *grpc.Server
	exports  chan struct{} // holds as many as are read at once
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := pathOf(r)
	if isGRPC(r) {
		s.serveGRPC(w, r)
		return
	}
	if fromBrowsers(path) {
		allowBrowsers(w, r)
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	switch path {
	case "/v2.1/track", "/v2/track":
		s.only(w, r, http.MethodPost, s.track)
	case "/v2/validate", "/v2.1/validate":
		s.only(w, r, http.MethodPost, s.validate)
	case "/QuickPulseService.svc/ping":
		s.only(w, r, http.MethodPost, s.ping)
	case "/QuickPulseService.svc/post":
		s.only(w, r, http.MethodPost, s.post)
	case "/v1/traces", "/v1/metrics", "/v1/logs":
		s.only(w, r, http.MethodPost, s.otlp)
	case "/v1/$batch":
		s.only(w, r, http.MethodPost, s.batch)
	default:
		if isQuery(path) && (r.Method == http.MethodGet || r.Method == http.MethodPost) {
			s.query(w, r)
			return
		}
		s.Refuse(w, r, fault.New(fault.NotFound, "", "nothing is at %s", cut(r.URL.Path, 200)))
	}
}

// only has a handler serve one method.
func (s *Service) only(w http.ResponseWriter, r *http.Request, method string, h http.HandlerFunc) {
	if r.Method != method {
		w.Header().Set("Allow", method)
		writeError(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "The path takes "+method+" alone.")
		return
	}
	h(w, r)
}

// fromBrowsers reports whether pages of any origin send here: telemetry of pages does
// not stand behind a sign-in.
func fromBrowsers(path string) bool { return path == "/v2.1/track" || path == "/v2/track" }

// allowBrowsers lets pages of any origin send and see the reply, which says nothing of
// what is kept.
func allowBrowsers(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") == "" {
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "POST")
	h.Set("Access-Control-Allow-Headers", "Content-Type, Content-Encoding, Sdk-Context, Cache-Control")
	h.Set("Access-Control-Max-Age", "3600")
}

// AllowsOrigin implements door.OriginAllower.
func (s *Service) AllowsOrigin(r *http.Request) bool {
	return fromBrowsers(pathOf(r))
}

// pathOf is the path of a request with one slash before it: clients put theirs behind an
// endpoint that ends with one.
func pathOf(r *http.Request) string { return "/" + strings.Trim(r.URL.Path, "/") }

// Refuse implements door.Refuser.
func (s *Service) Refuse(w http.ResponseWriter, _ *http.Request, err error) {
	status, code := statusOf(err)
	writeError(w, status, code, err.Error())
}

// bearer is the token of a request, or "".
func bearer(r *http.Request) string { return tokenOf(r.Header.Get("Authorization")) }

// tokenOf is the token of a header Authorization, or "".
func tokenOf(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

const hexDigits = "0123456789abcdef"

// appendText appends a JSON string. What is not UTF-8 becomes U+FFFD, and what could end
// a script is escaped, as encoding/json does.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(b, "\uFFFD"...)
			} else {
				b = append(b, s[i:i+size]...)
			}
			i += size
			continue
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c < ' ' || c == '<' || c == '>' || c == '&':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
		i++
	}
	return append(b, '"')
}
