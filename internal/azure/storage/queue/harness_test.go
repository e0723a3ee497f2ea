package queue

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	engine "github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const accountName = "devstoreaccount1"

// roles are the actions of Azure's built-in roles, and of one that may all.
var roles = map[string][]string{
	"reader":      {queueDo + "read", messageDo + "read"},
	"sender":      {messageDo + "add/action"},
	"processor":   {messageDo + "read", messageDo + "process/action"},
	"contributor": {queueDo + "delete", queueDo + "read", queueDo + "write", messageDo + "delete", messageDo + "read", messageDo + "write", messageDo + "process/action"},
	"owner":       {serviceDo + "*"},
	"nobody":      nil,
}

// access opens the account to the well-known key, and to tokens that name a role.
type access struct{}

func (access) Keys() storage.Keys {
	return storage.Keys{Primary: storage.DevelopmentKey, Delegation: "c2VjcmV0"}
}

func (access) Verify(_ context.Context, token string) (storage.Bearer, error) {
	held, known := roles[token]
	if !known {
		return storage.Bearer{}, fault.New(fault.Unauthorized, "", "the token is refused")
	}
	return storage.Bearer{Principal: token, Tenant: "11111111-1111-1111-1111-111111111111", May: func(action, _ string) error {
		for _, h := range held {
			if prefix, wild := strings.CutSuffix(h, "*"); h == action || wild && strings.HasPrefix(action, prefix) {
				return nil
			}
		}
		return fault.New(fault.Forbidden, "", "no")
	}}, nil
}

func (a access) Delegated(ctx context.Context, principal, _ string) (storage.Bearer, error) {
	return a.Verify(ctx, principal)
}

// account is a service over a store in memory, on a socket.
type account struct {
	t       testing.TB
	url     string // http://127.0.0.1:N/devstoreaccount1
	store   engine.Account
	engine  *engine.Store
	exists  *resource.Catalogue
	service *Service
	id      resource.Account

	mu     sync.Mutex // guards ahead, events
	ahead  time.Duration
	events []storage.RequestDone
}

func (a *account) now() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Now().Add(a.ahead)
}

func (a *account) advance(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ahead += d
}

func newAccount(t testing.TB) *account {
	t.Helper()
	testkit.NoLeaks(t)
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	a := &account{t: t, id: resource.Account{ID: 3, Type: resource.StorageAccounts, Name: accountName}}
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv"})
	must(err)
	a.engine, err = engine.Open(engine.Options{DB: db, Now: a.now})
	must(err)
	a.store = a.engine.Account(a.id.ID)
	a.exists, err = resource.Open(resource.NewMem())
	must(err)
	must(a.exists.Register(Kinds(a.engine, nil)...))
	a.service, err = New(Config{
		Store: a.store, Exists: a.exists, Account: a.id, Access: access{}, Log: testkit.Logger(t), Now: a.now,
		OnRequest: func(e storage.RequestDone) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.events = append(a.events, e)
		},
	})
	must(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	server := &http.Server{Handler: a.service, ConnContext: storage.NamesContext, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(keeping{l}) // it ends with Close
	}()
	a.url = "http://" + l.Addr().String() + "/" + accountName
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		server.Close()
		<-done
		must(a.engine.Close())
		must(db.Close())
	})
	return a
}

// keeping is a listener whose connections keep names.
type keeping struct{ net.Listener }

func (k keeping) Accept() (net.Conn, error) {
	c, err := k.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return storage.KeepNames(storage.Queue)(c), nil
}

// options are those of clients that do not try again.
func options() *azqueue.ClientOptions {
	return &azqueue.ClientOptions{ClientOptions: policy.ClientOptions{
		Retry: policy.RetryOptions{MaxRetries: -1}, Transport: http.DefaultClient, InsecureAllowCredentialWithHTTP: true,
	}}
}

func (a *account) client() *azqueue.ServiceClient {
	a.t.Helper()
	c, err := azqueue.NewServiceClientWithSharedKeyCredential(a.url+"/", a.key(), options())
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

func (a *account) key() *azqueue.SharedKeyCredential {
	a.t.Helper()
	k, err := azqueue.NewSharedKeyCredential(accountName, storage.DevelopmentKey)
	if err != nil {
		a.t.Fatal(err)
	}
	return k
}

// tokenOf is a credential that shows a role as its token.
type tokenOf string

func (r tokenOf) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(r), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// answer is a reply, read.
type reply struct {
	status int
	header http.Header
	body   string
}

// send sends a request as the owner, by token: what is signed is no matter here.
func (a *account) send(method, uri, body string, headers ...string) reply {
	a.t.Helper()
	h, err := http.NewRequest(method, a.url+uri, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	h.Header.Set("Authorization", "Bearer owner")
	h.Header.Set("x-ms-version", "2024-08-04")
	for i := 0; i < len(headers); i += 2 {
		h.Header[headers[i]] = []string{headers[i+1]}
	}
	r, err := http.DefaultClient.Do(h)
	if err != nil {
		a.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return reply{r.StatusCode, r.Header, string(text)}
}

func (r reply) code() string { return r.header.Get("x-ms-error-code") }

func escape(s string) string { return url.QueryEscape(s) }
