package table

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const testAccount = "devstoreaccount1"

// testAccess is an Access that a test can change.
type testAccess struct {
	mu   sync.Mutex
	keys storage.Keys
	may  map[string]func(action, path string) error // by token
}

func (a *testAccess) Keys() storage.Keys {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.keys
}

func (a *testAccess) Verify(_ context.Context, token string) (storage.Bearer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	may, ok := a.may[token]
	if !ok {
		return storage.Bearer{}, fault.New(fault.Unauthorized, "", "no such token")
	}
	return storage.Bearer{Principal: "p", Tenant: "t", May: may}, nil
}

func (a *testAccess) Delegated(context.Context, string, string) (storage.Bearer, error) {
	return storage.Bearer{}, fault.New(fault.Unauthorized, "", "no such principal")
}

// lab is a service on a real socket, over a store in memory.
type lab struct {
	t       testing.TB
	svc     *Service
	store   *tablestore.Store
	access  *testAccess
	url     string // of the account, without a final slash
	mu      sync.Mutex
	events  []storage.RequestDone
	account resource.Account
}

func newLab(t testing.TB) *lab {
	t.Helper()
	testkit.NoLeaks(t)
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "db", Log: testkit.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, access: &testAccess{keys: storage.Keys{Primary: storage.DevelopmentKey, Secondary: "c2Vjb25kIGtleQ=="}}}
	if l.store, err = tablestore.Open(tablestore.Options{DB: db}); err != nil {
		t.Fatal(err)
	}
	exists, err := resource.Open(resource.NewMem())
	if err == nil {
		err = exists.Register(Kinds(l.store, nil)...)
	}
	if err == nil {
		l.account, err = exists.EnsureAccount(resource.StorageAccounts, testAccount)
	}
	if err == nil {
		l.svc, err = New(Config{
			Store: l.store.Account(l.account.ID), Exists: exists, Account: l.account, Access: l.access, Log: testkit.Logger(t),
			OnRequest: func(e storage.RequestDone) {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.events = append(l.events, e)
			},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(l.svc)
	l.url = server.URL + "/" + testAccount
	t.Cleanup(func() {
		server.Close()
		http.DefaultClient.CloseIdleConnections()
		if err := errors.Join(l.store.Close(), db.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

func (l *lab) credential() *aztables.SharedKeyCredential {
	l.t.Helper()
	c, err := aztables.NewSharedKeyCredential(testAccount, storage.DevelopmentKey)
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

// options are for clients that do not try again.
func options() *aztables.ClientOptions {
	return &aztables.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}}
}

// service is the official client of the account.
func (l *lab) service() *aztables.ServiceClient {
	l.t.Helper()
	c, err := aztables.NewServiceClientWithSharedKey(l.url, l.credential(), options())
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

// table is the official client of a table, which it makes.
func (l *lab) table(name string) *aztables.Client {
	l.t.Helper()
	if _, err := l.service().CreateTable(l.t.Context(), name, nil); err != nil {
		l.t.Fatal(err)
	}
	return l.service().NewClient(name)
}

// secure serves the account with TLS too, and returns its URL there and options that
// trust it.
func (l *lab) secure() (string, *aztables.ClientOptions) {
	l.t.Helper()
	server := httptest.NewTLSServer(l.svc)
	l.t.Cleanup(server.Close)
	o := options()
	o.Transport = server.Client()
	return server.URL + "/" + testAccount, o
}

// wantCode fails unless the official client's error has the status and code.
func wantCode(t testing.TB, err error, status int, code string) {
	t.Helper()
	var e *azcore.ResponseError
	if !errors.As(err, &e) || e.StatusCode != status || e.ErrorCode != code {
		t.Fatalf("error %v\nwant %d %s", err, status, code)
	}
}

// reply is an answer to a raw request.
type reply struct {
	status int
	header http.Header
	body   string
}

// send sends a request whose path begins behind the account, signed with the
// account's key as SharedKeyLite, by the rules of the Table service.
func (l *lab) send(method, path, body string, headers ...string) reply {
	l.t.Helper()
	return l.sendAs(true, method, path, body, headers...)
}

func (l *lab) sendAs(signed bool, method, path, body string, headers ...string) reply {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), method, l.url+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("X-Ms-Date", time.Now().UTC().Format(http.TimeFormat))
	r.Header.Set("X-Ms-Version", "2019-02-02")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	if signed {
		sign(l.t, r)
	}
	return do(l.t, r)
}

// sign signs a request as the SDKs do.
func sign(t testing.TB, r *http.Request) {
	t.Helper()
	path := r.URL.EscapedPath()
	text := r.Header.Get("X-Ms-Date") + "\n/" + testAccount + path
	if comp := r.URL.Query().Get("comp"); comp != "" {
		text += "?comp=" + comp
	}
	r.Header.Set("Authorization", "SharedKeyLite "+testAccount+":"+hmacOf(t, storage.DevelopmentKey, text))
}

func do(t testing.TB, r *http.Request) reply {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(bytes.TrimRight(b, "\n"))}
}
