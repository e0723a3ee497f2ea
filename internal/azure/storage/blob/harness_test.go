package blob

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// testAccount is a service over a store in memory, on a socket, with a client that
// signs.
type testAccount struct {
	t       testing.TB
	name    string
	base    string // http://127.0.0.1:N
	service *Service
	store   objectstore.Account
	engine  *objectstore.Store
	access  *testAccess
	clock   *testClock
	http    *http.Client
	events  chan storage.RequestDone
	server  *http.Server
}

// testClock is the time, moved on by tests.
type testClock struct {
	mu    sync.Mutex // guards ahead
	ahead time.Duration
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// testAccess opens the account to the well-known key, and to tokens that name a
// role of roleActions.
type testAccess struct {
	mu   sync.Mutex // guards keys
	keys storage.Keys
}

func (a *testAccess) Keys() storage.Keys {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.keys
}

func (a *testAccess) change(f func(*storage.Keys)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.keys)
}

func (a *testAccess) Verify(_ context.Context, token string) (storage.Bearer, error) {
	if _, known := roleActions[token]; !known {
		return storage.Bearer{}, fault.New(fault.Unauthorized, "", "the token is refused")
	}
	return storage.Bearer{Principal: token, Tenant: "11111111-1111-1111-1111-111111111111", Expires: time.Now().Add(time.Hour), May: mayRole(token)}, nil
}

func (a *testAccess) Delegated(_ context.Context, principal, _ string) (storage.Bearer, error) {
	return a.Verify(context.Background(), principal)
}

func mayRole(role string) func(action, path string) error {
	return func(action, _ string) error {
		for _, held := range roleActions[role] {
			if prefix, wild := strings.CutSuffix(held, "*"); held == action || wild && strings.HasPrefix(action, prefix) {
				return nil
			}
		}
		return fault.New(fault.Forbidden, "", "no")
	}
}

// roleActions are the data actions, and the actions on containers, of Azure's
// built-in roles ("Azure built-in roles for Storage").
var roleActions = map[string][]string{
	"nobody": nil,
	"reader": {containerActions + "read", serviceActions + "generateUserDelegationKey/action", blobActions + "read"},
	"contributor": {
		containerActions + "delete", containerActions + "read", containerActions + "write", serviceActions + "generateUserDelegationKey/action",
		blobActions + "delete", blobActions + "read", blobActions + "write", blobActions + "move/action", blobActions + "add/action",
	},
	"owner": {serviceActions + "*"},
}

func newAccount(t testing.TB, change func(*Config)) *testAccount {
	t.Helper()
	testkit.NoLeaks(t)
	clock := &testClock{}
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "db", Log: testkit.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := objectstore.Open(objectstore.Options{DB: db, FS: vfs.NewMem(), Dir: "blobs", Log: testkit.Discard(), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	exists, err := resource.Open(resource.NewMem())
	if err != nil {
		t.Fatal(err)
	}
	if err := exists.Register(Kinds(engine, nil)...); err != nil {
		t.Fatal(err)
	}
	return serveAccount(t, engine, exists, clock, "devstoreaccount1", change)
}

// serveAccount puts an account of the engine on a socket of its own.
func serveAccount(t testing.TB, engine *objectstore.Store, exists *resource.Catalogue, clock *testClock, name string, change func(*Config)) *testAccount {
	t.Helper()
	account, err := exists.EnsureAccount(resource.StorageAccounts, name)
	if err != nil {
		t.Fatal(err)
	}
	a := &testAccount{t: t, name: name, engine: engine, store: engine.Account(account.ID), clock: clock, events: make(chan storage.RequestDone, 10_000)}
	a.access = &testAccess{keys: storage.Keys{
		Primary: storage.DevelopmentKey, Delegation: base64.StdEncoding.EncodeToString([]byte("the secret of user delegation keys")),
	}}
	c := Config{
		Store: a.store, Exists: exists, Account: account, Log: testkit.Discard(), Access: a.access, Now: clock.Now,
		OnRequest: func(e storage.RequestDone) {
			select {
			case a.events <- e:
			default:
			}
		},
	}
	c.Copies = NewCopies(CopiesOptions{Store: engine, Log: testkit.Discard(), Retry: run.Backoff{First: time.Millisecond, Longest: time.Millisecond}, Tries: 3})
	c.Sibling = func(u *url.URL) *Service {
		if u.Host == strings.TrimPrefix(a.base, "http://") {
			return a.service
		}
		return nil
	}
	if change != nil {
		change(&c)
	}
	if a.service, err = New(c); err != nil {
		t.Fatal(err)
	}
	copying, stop := context.WithCancel(context.Background())
	copied := make(chan error, 1)
	go func() { copied <- c.Copies.Run(copying) }()
	t.Cleanup(func() {
		stop()
		if err := <-copied; err != nil {
			t.Error(err)
		}
	})
	a.listen()
	return a
}

func (a *testAccount) listen() {
	l := testkit.Listen(a.t)
	a.base = "http://" + l.Addr().String()
	a.server = &http.Server{Handler: a.service, ConnContext: storage.NamesContext, MaxHeaderBytes: 64 << 10}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = a.server.Serve(namedListener{l})
	}()
	transport := &http.Transport{DisableCompression: true, ExpectContinueTimeout: time.Minute, MaxIdleConnsPerHost: 32}
	a.http = &http.Client{Transport: transport}
	a.t.Cleanup(func() {
		transport.CloseIdleConnections()
		a.server.Close()
		<-done
	})
}

type namedListener struct{ net.Listener }

func (l namedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return storage.KeepNames(storage.Blob)(c), nil
}

// url is the address of the service, as connection strings have it.
func (a *testAccount) url() string { return a.base + "/" + a.name }

// h are headers, name and value in turn; names go out as they are.
type h []string

// and adds more.
func (x h) and(more ...string) h { return append(slices.Clone(x), more...) }

// answer is a reply that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func (r answer) code() string { return r.header.Get("x-ms-error-code") }

// node is the text of the first element of a name in the body.
func (r answer) node(name string) string {
	_, rest, ok := strings.Cut(r.body, "<"+name+">")
	text, _, closed := strings.Cut(rest, "</"+name+">")
	if !ok || !closed {
		return ""
	}
	var plain string
	if err := xml.Unmarshal([]byte("<x>"+text+"</x>"), &plain); err != nil {
		return text
	}
	return plain
}

// call sends a signed request; path begins with a slash and follows the account.
func (a *testAccount) call(method, path, body string, headers h) answer {
	a.t.Helper()
	return a.send(method, "/"+a.name+path, strings.NewReader(body), headers, true)
}

// anonymous sends a request without authorization.
func (a *testAccount) anonymous(method, path, body string, headers h) answer {
	a.t.Helper()
	return a.send(method, "/"+a.name+path, strings.NewReader(body), headers, false)
}

// must is call for what has to answer with the status.
func (a *testAccount) must(status int, method, path, body string, headers h) answer {
	a.t.Helper()
	r := a.call(method, path, body, headers)
	if r.status != status {
		a.t.Fatalf("%s %s: %d %s, want %d\n%s", method, path, r.status, r.code(), status, r.body)
	}
	return r
}

// refused is call for what has to be refused with a status and code.
func (a *testAccount) refused(status int, code, method, path, body string, headers h) answer {
	a.t.Helper()
	r := a.call(method, path, body, headers)
	if r.status != status || r.code() != code {
		a.t.Errorf("%s %s %v: %d %s, want %d %s\n%s", method, path, headers, r.status, r.code(), status, code, r.body)
	}
	return r
}

func (a *testAccount) send(method, path string, body io.Reader, headers h, signed bool) answer {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.base+path, body)
	if err != nil {
		a.t.Fatal(err)
	}
	req.URL.Opaque = path // as it is
	if i := strings.IndexByte(path, '?'); i >= 0 {
		req.URL.Opaque = path[:i]
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header[headers[i]] = append(req.Header[headers[i]], headers[i+1])
	}
	if signed {
		a.sign(req)
	}
	resp, err := a.http.Do(req)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatalf("%s %s: the body breaks off: %v", method, path, err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// sign adds a Shared Key authorization, worked out apart from the code under test
// ("Authorize with Shared Key").
func (a *testAccount) sign(req *http.Request) {
	raw := map[string][]string(req.Header) // names stay as SDKs write them
	if raw["x-ms-date"] == nil {
		raw["x-ms-date"] = []string{a.clock.Now().UTC().Format(http.TimeFormat)}
	}
	if raw["x-ms-version"] == nil {
		raw["x-ms-version"] = []string{"2026-12-06"}
	}
	length := ""
	if req.ContentLength > 0 {
		length = fmt.Sprint(req.ContentLength)
	}
	get := func(name string) string {
		for k, v := range req.Header {
			if strings.EqualFold(k, name) {
				return v[0]
			}
		}
		return ""
	}
	var b bytes.Buffer
	b.WriteString(req.Method)
	for _, v := range []string{
		get("Content-Encoding"), get("Content-Language"), length, get("Content-MD5"), get("Content-Type"), "", get("If-Modified-Since"),
		get("If-Match"), get("If-None-Match"), get("If-Unmodified-Since"), get("Range"),
	} {
		b.WriteString("\n" + v)
	}
	b.WriteString("\n")
	var names []string
	for k := range req.Header {
		if lower := strings.ToLower(k); strings.HasPrefix(lower, "x-ms-") {
			names = append(names, lower)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		b.WriteString(n + ":" + strings.TrimSpace(get(n)) + "\n")
	}
	b.WriteString("/" + a.name + req.URL.Opaque)
	query, _ := url.ParseQuery(req.URL.RawQuery)
	var params []string
	for k, v := range query {
		slices.Sort(v)
		params = append(params, strings.ToLower(k)+":"+strings.Join(v, ","))
	}
	slices.Sort(params)
	for _, p := range params {
		b.WriteString("\n" + p)
	}
	key, _ := base64.StdEncoding.DecodeString(storage.DevelopmentKey)
	mac := hmac.New(sha256.New, key)
	mac.Write(b.Bytes())
	req.Header["Authorization"] = []string{"SharedKey " + a.name + ":" + base64.StdEncoding.EncodeToString(mac.Sum(nil))}
}

// block is the header of a block blob.
var block = h{"x-ms-blob-type", "BlockBlob"}

// container makes the container box.
func (a *testAccount) container() {
	a.t.Helper()
	a.must(201, "PUT", "/box?restype=container", "", nil)
}

// retentionOfContainers keeps deleted containers for two days.
var retentionOfContainers = objectstore.Retention{ContainerDays: 2}

func mustURL(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return u
}
