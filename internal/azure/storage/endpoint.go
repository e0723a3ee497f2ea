package storage

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// Config is what an Endpoint needs. Service, Account and Access are required.
type Config struct {
	Service Service
	Account string // its name
	Access  Access
	// Authority is where tokens for the account come from, for challenges:
	// https://login.microsoftonline.com/TENANT. Empty: that of the common tenant.
	Authority string
	// Policies returns the stored access policies of a container, queue or table: the
	// XML that Set ACL was given, nil for none. An error is the service's own.
	Policies func(ctx context.Context, name string) ([]byte, error)
	// Public returns the public access level of a container: "", PublicBlob or
	// PublicContainer. nil: nothing is public.
	Public func(ctx context.Context, name string) (string, error)
	// Properties returns the service's properties: the XML that Set Service Properties
	// left (see Properties.Merge), nil at first. It is asked for each request.
	Properties func() []byte
	Now        func() time.Time // nil is time.Now
}

// The public access levels of a container.
const (
	PublicBlob      = "blob"      // anybody reads blobs
	PublicContainer = "container" // and lists them
)

// Endpoint is one service of one account, as clients reach it. It is safe for
// concurrent use and holds no goroutine.
type Endpoint struct {
	service    Service
	account    string
	access     Access
	authority  string
	policies   func(ctx context.Context, name string) ([]byte, error)
	public     func(ctx context.Context, name string) (string, error)
	properties func() []byte
	now        func() time.Time
	server     []string // of the header Server
	keys       atomic.Pointer[keySet]
	read       atomic.Pointer[readProperties]
	dates      dateCache
	canons     canonPool
	usual      atomic.Uint32 // the variant of the last good signature
}

// NewEndpoint checks the configuration.
func NewEndpoint(c Config) (*Endpoint, error) {
	if c.Account == "" || c.Access == nil || c.Service != Blob && c.Service != Queue && c.Service != Table {
		return nil, errors.New("storage: a service, an account's name and who decides on access are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Authority == "" {
		c.Authority = "https://login.microsoftonline.com/common"
	}
	if c.Properties == nil {
		c.Properties = func() []byte { return nil }
	}
	e := &Endpoint{
		service: c.Service, account: c.Account, access: c.Access, authority: c.Authority,
		policies: c.Policies, public: c.Public, properties: c.Properties, now: c.Now,
		server: []string{c.Service.server()},
	}
	e.keys.Store(newKeySet(c.Access.Keys()))
	return e, nil
}

// currentKeys is the keys as they are now. They are decoded when they have changed.
func (e *Endpoint) currentKeys() *keySet {
	keys, now := e.keys.Load(), e.access.Keys()
	if keys.of != now {
		keys = newKeySet(now)
		e.keys.Store(keys)
	}
	return keys
}

// Begin reads a request and writes what every reply has into the headers of w. The
// request is good for WriteError even with an error.
func (e *Endpoint) Begin(w http.ResponseWriter, h *http.Request) (*Request, error) {
	r, err := newRequest(h, e.account, e.now())
	fallback := ""
	if v := e.Properties().DefaultServiceVersion; v != nil {
		fallback = *v
	}
	if bad := r.readVersion(fallback); err == nil {
		err = bad
	}
	header := w.Header()
	header["Server"] = e.server
	header["X-Ms-Request-Id"] = []string{r.ID}
	header["X-Ms-Version"] = []string{r.Version}
	if id := r.Header("X-Ms-Client-Request-Id"); id != "" && len(id) <= 1024 {
		header["X-Ms-Client-Request-Id"] = []string{id}
	}
	e.cors(header, r)
	return r, err
}

// Sub reads a request that came inside of another: a part of a batch. Its version is
// that of the outer.
func (e *Endpoint) Sub(outer *Request, h *http.Request) (*Request, error) {
	h.TLS, h.RemoteAddr = outer.HTTP.TLS, outer.HTTP.RemoteAddr
	if h.Host == "" {
		h.Host = outer.HTTP.Host
	}
	r, err := newRequest(h.WithContext(outer.HTTP.Context()), e.account, e.now())
	r.Version = outer.Version
	return r, err
}

// WriteError answers with an error in the service's shape.
func (e *Endpoint) WriteError(w http.ResponseWriter, r *Request, err error) *Error {
	x := FromFault(err)
	h := w.Header()
	h["X-Ms-Error-Code"] = []string{x.Code}
	for _, extra := range x.Header {
		h[http.CanonicalHeaderKey(extra.Name)] = []string{extra.Value}
	}
	text, kind := x.body(e.service, r, e.now())
	if !hasBody(r.Method(), x.Status) {
		text = nil
	}
	delete(h, "Content-Length")
	delete(h, "Content-Type")
	if x.Status != http.StatusNotModified && x.Status != http.StatusNoContent {
		h["Content-Length"] = []string{strconv.Itoa(len(text))}
	}
	if len(text) > 0 {
		h["Content-Type"] = []string{kind}
	}
	r.Expose(h)
	w.WriteHeader(x.Status)
	_, _ = w.Write(text) // the client may be gone
	return x
}
