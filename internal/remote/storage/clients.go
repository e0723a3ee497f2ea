package storage

import (
	"cmp"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

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

	blobs  opened[*service.Client]
	queues opened[*azqueue.ServiceClient]
	tables opened[*aztables.ServiceClient]
}

// opened are clients of one kind by what they were made of.
type opened[C any] struct {
	mu   sync.Mutex
	made map[string]C // guarded by mu
}

// Blobs is the blob service of the account that a connection leads to: by the
// account's key, a shared access signature, or an identity. It dials nothing.
func (c *Clients) Blobs(conn settings.Connection) (*service.Client, error) {
	opts := &service.ClientOptions{ClientOptions: c.Options()}
	return c.blobs.of(c, conn, ways[*service.Client]{
		identity: func(url string, who azcore.TokenCredential) (*service.Client, error) {
			return service.NewClient(url, who, opts)
		},
		signature: func(url string) (*service.Client, error) { return service.NewClientWithNoCredential(url, opts) },
		key: func(url, account, key string) (*service.Client, error) {
			cred, err := service.NewSharedKeyCredential(account, key)
			if err != nil {
				return nil, err
			}
			return service.NewClientWithSharedKeyCredential(url, cred, opts)
		},
	})
}

// Queues is Blobs for queues.
func (c *Clients) Queues(conn settings.Connection) (*azqueue.ServiceClient, error) {
	opts := &azqueue.ClientOptions{ClientOptions: c.Options()}
	return c.queues.of(c, conn, ways[*azqueue.ServiceClient]{
		identity: func(url string, who azcore.TokenCredential) (*azqueue.ServiceClient, error) {
			return azqueue.NewServiceClient(url, who, opts)
		},
		signature: func(url string) (*azqueue.ServiceClient, error) {
			return azqueue.NewServiceClientWithNoCredential(url, opts)
		},
		key: func(url, account, key string) (*azqueue.ServiceClient, error) {
			cred, err := azqueue.NewSharedKeyCredential(account, key)
			if err != nil {
				return nil, err
			}
			return azqueue.NewServiceClientWithSharedKeyCredential(url, cred, opts)
		},
	})
}

// Tables is Blobs for tables.
func (c *Clients) Tables(conn settings.Connection) (*aztables.ServiceClient, error) {
	opts := &aztables.ClientOptions{ClientOptions: c.Options()}
	return c.tables.of(c, conn, ways[*aztables.ServiceClient]{
		identity: func(url string, who azcore.TokenCredential) (*aztables.ServiceClient, error) {
			return aztables.NewServiceClient(url, who, opts)
		},
		signature: func(url string) (*aztables.ServiceClient, error) {
			return aztables.NewServiceClientWithNoCredential(url, opts)
		},
		key: func(url, account, key string) (*aztables.ServiceClient, error) {
			cred, err := aztables.NewSharedKeyCredential(account, key)
			if err != nil {
				return nil, err
			}
			return aztables.NewServiceClientWithSharedKey(url, cred, opts)
		},
	})
}

// ways are how a client of a service is made.
type ways[C any] struct {
	identity  func(url string, who azcore.TokenCredential) (C, error)
	signature func(url string) (C, error)
	key       func(url, account, key string) (C, error)
}

// of is the client of a connection.
func (o *opened[C]) of(c *Clients, conn settings.Connection, w ways[C]) (C, error) {
	key := conn.String + "\x00" + conn.Setting + "\x00" + address(conn)
	o.mu.Lock()
	defer o.mu.Unlock()
	if made, ok := o.made[key]; ok {
		return made, nil
	}
	made, err := open(c, conn, w)
	if err != nil {
		return made, err
	}
	if o.made == nil {
		o.made = map[string]C{}
	}
	o.made[key] = made
	return made, nil
}

func open[C any](c *Clients, conn settings.Connection, w ways[C]) (none C, err error) {
	if conn.Endpoint == nil {
		return none, fault.New(fault.Invalid, "setting "+conn.Setting, "it names neither an account nor an endpoint")
	}
	if conn.UsesIdentity() {
		who, err := c.Credential(conn)
		if err != nil {
			return none, fault.Wrap(fault.Unauthorized, "setting "+conn.Setting, err, "its identity")
		}
		return w.identity(address(conn), who)
	}
	account, key, signature := parts(conn)
	switch {
	case signature != "":
		return w.signature(address(conn) + "?" + signature)
	case key == "":
		return none, fault.New(fault.Invalid, "setting "+conn.Setting, "its connection string holds neither an AccountKey nor a SharedAccessSignature")
	}
	made, err := w.key(address(conn), account, key)
	if err != nil {
		return none, fault.New(fault.Invalid, "setting "+conn.Setting, "its AccountKey is not base64") // the cause quotes it
	}
	return made, nil
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

// Account is the name of the account that a connection leads to.
func Account(conn settings.Connection) string {
	if conn.Endpoint == nil {
		return ""
	}
	name, _, _ := parts(conn)
	return name
}
