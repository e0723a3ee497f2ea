package entra

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// refusal is an error in Entra's shape: an OAuth error (RFC 6749, 5.2), and a
// number that Microsoft's documentation explains ("AADSTS error codes").
type refusal struct {
	status int
	err    string // invalid_client
	code   int    // 7000215; 0 where there is none
	text   string
	plain  bool // also as App Service says it: statusCode, message
}

func refuse(err string, code int, format string, args ...any) *refusal {
	status := http.StatusBadRequest
	if err == "invalid_client" {
		status = http.StatusUnauthorized
	}
	return &refusal{status: status, err: err, code: code, text: fmt.Sprintf(format, args...)}
}

// The refusals that several places give.
func noSuchTenant(name string) *refusal {
	return refuse("invalid_request", 90002, "Tenant '%s' not found. This is the local issuer of a Lazuli project: its only tenant is called by its GUID, common, organizations or adfs.", clip(name))
}

func tooManySignIns() *refusal {
	return &refusal{status: http.StatusTooManyRequests, err: "temporarily_unavailable", code: 50196, text: fmt.Sprintf(
		"Too many sign-ins wait for their person, of whom %d may have begun from one address. Finish one, or wait %v.", maxPendingFrom, lifeOfSignIn)}
}

func missing(parameter string) *refusal {
	return refuse("invalid_request", 900144, "The request body must contain the following parameter: '%s'.", parameter)
}

func noSuchApplication(id string) *refusal {
	return refuse("unauthorized_client", 700016,
		"Application with identifier '%s' was not found in the directory. Declare it under identity.applications in lazuli.yaml.", clip(id))
}

func internalError(err error) *refusal {
	return &refusal{status: http.StatusInternalServerError, err: "server_error", code: 90033, text: "The issuer cannot give tokens now: " + err.Error()}
}

// clip bounds what is repeated of what a client sent.
func clip(s string) string {
	if len(s) <= 80 {
		return s
	}
	return s[:80] + "…"
}

// body is the answer.
func (f *refusal) body() map[string]any {
	trace, correlation := uuid.New(), uuid.New()
	now := time.Now().UTC().Format("2006-01-02 15:04:05Z")
	text := f.text
	if f.code != 0 {
		text = "AADSTS" + strconv.Itoa(f.code) + ": " + text
	}
	m := map[string]any{
		"error": f.err, "timestamp": now, "trace_id": trace, "correlation_id": correlation,
		"error_description": fmt.Sprintf("%s Trace ID: %s Correlation ID: %s Timestamp: %s", text, trace, correlation, now),
	}
	if f.code != 0 {
		m["error_codes"] = []int{f.code}
	}
	if f.plain {
		m["statusCode"], m["message"] = f.status, f.text
	}
	return m
}

// handler answers, or says why not.
type handler func(w http.ResponseWriter, r *http.Request) *refusal

// answer turns a handler into net/http's. Nothing that this service says may be
// kept by caches on the way.
func (e *Issuer) answer(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store, no-cache")
		w.Header().Set("Pragma", "no-cache")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		f := h(w, r)
		if f == nil {
			return
		}
		e.cfg.Log.Info("a sign-in was refused", "error", f.err, "code", f.code, "path", r.URL.Path, "remote", r.RemoteAddr)
		writeJSON(w, f.status, f.body())
	}
}

// Refuse implements door.Refuser.
func (e *Issuer) Refuse(w http.ResponseWriter, _ *http.Request, err error) {
	status := http.StatusForbidden
	if fault.Is(err, fault.NotFound) {
		status = http.StatusNotFound
	}
	writeJSON(w, status, (&refusal{err: "access_denied", text: err.Error() + "."}).body())
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may be gone
}

// fromHere reports whether a request comes from this machine, through no proxy
// that says that it is one: from a loopback address, or from the address that it
// reached, as programs here have it where only that one listens.
func fromHere(r *http.Request) bool {
	if r.Header["X-Forwarded-For"] != nil || r.Header["Forwarded"] != nil {
		return false
	}
	peer := addressOf(r.RemoteAddr)
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return peer != nil && (peer.IsLoopback() || local != nil && peer.Equal(addressOf(local.String())))
}

// sourceOf is the address from which a request comes.
func sourceOf(r *http.Request) string { return addressOf(r.RemoteAddr).String() }

func addressOf(hostport string) net.IP {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil
	}
	return net.ParseIP(host)
}

// private reports whether nobody on the way can read the request: secrets cross
// a network inside TLS only.
func private(r *http.Request) *refusal {
	if r.TLS != nil || fromHere(r) {
		return nil
	}
	return refuse("invalid_request", 0, "A secret may not cross a network without encryption: use https.")
}
