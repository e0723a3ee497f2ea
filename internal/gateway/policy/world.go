package policy

import (
	"context"
	"crypto/tls"
	"net/http"
	"time"
)

// World is what policies need of what is around them. Fields that are nil are not
// there: a policy that needs one fails by name.
type World struct {
	// Forward sends a request to the backend of the exchange.
	Forward func(r *http.Request, o ForwardOptions) (*http.Response, error)
	// Send sends a request of send-request anywhere; shown is the certificate that whoever
	// answers is shown, nil is none.
	Send func(r *http.Request, shown *tls.Certificate) (*http.Response, error)
	// Certificates are the service's own; ReadCertificate reads one from a file's bytes.
	Certificates    func() Certificates
	ReadCertificate func(data []byte, password string) (*tls.Certificate, error)
	// Schema is what a schema of the service, or the part at a reference in it, asks of
	// decoded JSON.
	Schema func(id, ref string, more Beside) (check func(value any) error, err error)

	Limits Limits
	Cache  Cache
	// Token gets a token of the service's managed identity.
	Token func(ctx context.Context, clientID, resource string) (string, error)
	// Keys are the keys that sign tokens by an OpenID configuration.
	Keys func(ctx context.Context, config string, kid string) (KeySet, error)
	// Authority is the OpenID configuration of a tenant.
	Authority func(tenant string) string
	// Log sends a text of log-to-eventhub.
	Log func(ctx context.Context, logger, partitionID, partitionKey, text string) error
	// Traced and Metric report trace and emit-metric. They must not wait.
	Traced func(x *Exchange, source, severity, message string, metadata map[string]string)
	Metric func(x *Exchange, name, namespace string, value float64, dimensions map[string]string)
	// Hide takes secrets out of a text that is shown.
	Hide func(string) string
	// Background runs what nobody waits for, with a context that ends with the process.
	Background func(func(context.Context))
}

// ForwardOptions are what forward-request says.
type ForwardOptions struct {
	Backend         string           // the id of a Backend; "": the request's URL as it stands
	Rest            string           // the path below the backend's
	Certificate     *tls.Certificate // that it is shown; nil: its own, or none
	FollowRedirects bool
}

// KeySet are keys by their id, and who issues with them.
type KeySet struct {
	Issuer string
	Keys   map[string]any // of crypto: *rsa.PublicKey, *ecdsa.PublicKey
}

// Limits keep counters. Keys of one kind share nothing with those of the other.
type Limits interface {
	// Window counts n calls now in the trailing period of key, when not more than
	// calls are in it then. left is how many more there may be; wait, when one was
	// refused, until the oldest leaves.
	Window(key string, calls, n int, period time.Duration) (ok bool, left int, wait time.Duration)
	// Quota counts calls and bytes in the fixed window of key that has begun at a
	// multiple of period since first; period 0 is one window for ever. It refuses
	// when either had reached its bound before; a bound of 0 is none.
	Quota(key string, q Quota) (ok, byBytes bool, wait time.Duration)
	// Hold takes one of max places of key; release gives it back.
	Hold(key string, max int) (release func(), ok bool)
}

// Quota is what Limits.Quota counts and holds.
type Quota struct {
	Calls, AddCalls int64
	Bytes, AddBytes int64
	Period          time.Duration
	First           time.Time
	Only            bool // count, and refuse nothing
}

// Cache keeps values of cache-store-value and responses of cache-store.
type Cache interface {
	Get(key string) (any, bool)
	Put(key string, v any, bytes int, ttl time.Duration)
	Remove(key string)
}
