package entra

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// How long tokens are good, as Azure's. No token is good for longer than
// longestLife, for which the keys that signed it are kept.
const (
	lifeOfToken    = time.Hour
	lifeOfManaged  = 24 * time.Hour // of managed identities
	longestLife    = lifeOfManaged
	lifeOfRefresh  = 90 * 24 * time.Hour
	lifeOfSignIn   = 10 * time.Minute // of a sign-in that began, and of its code
	skew           = 5 * time.Minute  // by which clocks may differ
	maxPending     = 1000             // sign-ins that wait for a person
	maxPendingFrom = 50               // of them, begun from one address
	maxForm        = 64 << 10         // bytes of a request's body
	maxToken       = 16 << 10         // bytes of a token that is looked at
	secretsOfApps  = 16               // random bytes of an identity header
	applicationAcr = "1"
	assertionAcr   = "2"
)

// Config configures New.
type Config struct {
	Identity *identity.Identity
	// Applications are how each application proves that it is itself, by its
	// name without what says its kind.
	Applications map[string]Credentials
	// Ours reports whether a host name is one of this instance; tokens may be
	// asked for it. May be nil: names of this machine always are.
	Ours func(host string) bool
	Log  *slog.Logger

	FS vfs.FS // default the operating system's
	// NoMetadata turns the instance metadata form off, which asks for no secret: for
	// issuers that others than this machine reach, perhaps by a forwarder on it.
	NoMetadata bool

	Dir         string        // folder of the keys that sign
	RotateEvery time.Duration // default 30 days
}

// Credentials are what an application shows for a token.
type Credentials struct {
	Secret      string            // "" for none
	Certificate *x509.Certificate // nil for none
	Federated   []Federated
}

// Federated is another issuer whose tokens are taken instead of a secret.
type Federated struct {
	Issuer, Subject, Audience string
	// Keys gives that issuer's keys, a JSON Web Key Set. It is asked for each token.
	Keys func() ([]byte, error)
}

// Issuer gives tokens and says who a token is. It is safe for concurrent use.
type Issuer struct {
	cfg      Config
	keys     *ring
	verified tokens // that were looked at before
	mux      *http.ServeMux
	signIns  pending

	mu      sync.Mutex
	headers map[string]string // the identity header of a principal, by name; guarded by mu
}

// New reads the keys that there are; the first is made when it is needed.
func New(c Config) (*Issuer, error) {
	if c.RotateEvery == 0 {
		c.RotateEvery = keyLife
	}
	if c.FS == nil {
		c.FS = vfs.Default
	}
	keys, err := openRing(c.FS, c.Dir, c.RotateEvery)
	if err != nil {
		return nil, err
	}
	e := &Issuer{cfg: c, keys: keys, headers: map[string]string{}}
	e.mux = e.routes()
	return e, nil
}

func (e *Issuer) routes() *http.ServeMux {
	m := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"GET /{tenant}/.well-known/openid-configuration":      e.metadata(""),
		"GET /{tenant}/v2.0/.well-known/openid-configuration": e.metadata("/v2.0"),
		"GET /adfs/adfs/v2.0/.well-known/openid-configuration": func(w http.ResponseWriter, r *http.Request) *refusal {
			r.SetPathValue("tenant", "adfs")
			return e.metadata("/v2.0")(w, r)
		},
		"GET /{tenant}/discovery/keys":            e.keySet,
		"GET /{tenant}/discovery/v2.0/keys":       e.keySet,
		"GET /common/discovery/instance":          e.instanceDiscovery,
		"POST /{tenant}/oauth2/token":             e.token,
		"POST /{tenant}/oauth2/v2.0/token":        e.token,
		"GET /{tenant}/oauth2/authorize":          e.authorize,
		"GET /{tenant}/oauth2/v2.0/authorize":     e.authorize,
		"POST /{tenant}/oauth2/v2.0/authorize":    e.confirm,
		"POST /{tenant}/oauth2/devicecode":        e.deviceCode,
		"POST /{tenant}/oauth2/v2.0/devicecode":   e.deviceCode,
		"GET /devicelogin":                        e.devicePage,
		"POST /devicelogin":                       e.deviceConfirm,
		"GET /msi/token":                          e.managedIdentity,
		"GET /metadata/identity/oauth2/token":     e.instanceMetadata,
		"GET /metadata/identity/oauth2/token/{$}": e.instanceMetadata, // as JavaScript asks
	} {
		m.HandleFunc(pattern, e.answer(h))
	}
	return m
}

// ServeHTTP implements http.Handler.
func (e *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.mux.ServeHTTP(w, r) }

// Header is what the managed identity endpoint asks of a principal
// (IDENTITY_HEADER), by the principal's name. It is made once for the life of
// the process.
func (e *Issuer) Header(principal string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.headers[principal] == "" {
		secret := make([]byte, secretsOfApps)
		rand.Read(secret)
		e.headers[principal] = hex.EncodeToString(secret)
	}
	return e.headers[principal]
}

// holderOf finds whose identity header it is. All are compared, each in
// constant time.
func (e *Issuer) holderOf(header string) (name string, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for principal, secret := range e.headers {
		if sameSecret(header, secret) {
			name, ok = principal, true
		}
	}
	return name, ok
}

// sameSecret compares in a time that tells nothing of either, not even lengths.
func sameSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
