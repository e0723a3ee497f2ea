package storage

import (
	"cmp"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Clients has one client for each connection, so that their tokens and sockets are
// shared. Its methods may be called at the same time.
type Clients struct {
	// Credential is who an identity connection is. Required.
	Credential func(settings.Connection) (azcore.TokenCredential, error)
	// Transport sends requests; nil: the SDK's own.
	Transport policy.Transporter

	mu    sync.Mutex
	blobs map[string]*service.Client // by connection; guarded by mu
}

// Blobs is the blob service of the account that a connection leads to: by the
// account's key, a shared access signature, or an identity. It dials nothing.
func (c *Clients) Blobs(conn settings.Connection) (*service.Client, error) {
	key := conn.String + "\x00" + conn.Setting + "\x00" + address(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if made, ok := c.blobs[key]; ok {
		return made, nil
	}
	made, err := c.open(conn)
	if err != nil {
		return nil, err
	}
	if c.blobs == nil {
		c.blobs = map[string]*service.Client{}
	}
	c.blobs[key] = made
	return made, nil
}

func (c *Clients) open(conn settings.Connection) (*service.Client, error) {
	if conn.Endpoint == nil {
		return nil, fault.New(fault.Invalid, "setting "+conn.Setting, "it names neither an account nor an endpoint")
	}
	opts := &service.ClientOptions{ClientOptions: c.Options()}
	if conn.UsesIdentity() {
		who, err := c.Credential(conn)
		if err != nil {
			return nil, fault.Wrap(fault.Unauthorized, "setting "+conn.Setting, err, "its identity")
		}
		return service.NewClient(address(conn), who, opts)
	}
	account, key, signature := parts(conn)
	switch {
	case signature != "":
		return service.NewClientWithNoCredential(address(conn)+"?"+signature, opts)
	case key == "":
		return nil, fault.New(fault.Invalid, "setting "+conn.Setting, "its connection string holds neither an AccountKey nor a SharedAccessSignature")
	}
	cred, err := service.NewSharedKeyCredential(account, key)
	if err != nil {
		return nil, fault.New(fault.Invalid, "setting "+conn.Setting, "its AccountKey is not base64") // the cause quotes it
	}
	return service.NewClientWithSharedKeyCredential(address(conn), cred, opts)
}

// Options are those of all clients: they give up within seconds, because whoever
// calls tries again and says why.
func (c *Clients) Options() azcore.ClientOptions {
	return azcore.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: 2, TryTimeout: 10 * time.Second, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: 2 * time.Second},
		Telemetry: policy.TelemetryOptions{ApplicationID: "lazuli"},
		Transport: c.Transport,
	}
}

// address is the service's, with the account in its path where the connection has it
// there.
func address(conn settings.Connection) string {
	if conn.Endpoint == nil {
		return ""
	}
	u := url.URL{Scheme: conn.Endpoint.Scheme, Host: conn.Endpoint.Host, Path: conn.Endpoint.Path}
	if u.Scheme != "http" {
		u.Scheme = "https"
	}
	return strings.TrimSuffix(u.String(), "/") + "/"
}

// parts are what opens an account by its connection string. An account that is not
// named is that of the endpoint: the first label, or the path.
func parts(conn settings.Connection) (account, key, signature string) {
	for pair := range strings.SplitSeq(conn.String, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch strings.ToLower(strings.TrimSpace(k)) {
		case "accountname":
			account = strings.TrimSpace(v)
		case "accountkey":
			key = strings.TrimSpace(v)
		case "sharedaccesssignature":
			signature = strings.TrimPrefix(strings.TrimSpace(v), "?")
		}
	}
	label, _, _ := strings.Cut(conn.Host(), ".")
	return cmp.Or(account, strings.Trim(conn.Endpoint.Path, "/"), label), key, signature
}
