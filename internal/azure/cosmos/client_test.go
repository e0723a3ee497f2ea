package cosmos

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// signature builds a master key authorization header independently of the
// code under test.
func signature(key, verb, resourceType, link, date string) string {
	secret, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(strings.ToLower(verb) + "\n" + resourceType + "\n" + link + "\n" + strings.ToLower(date) + "\n\n"))
	return url.QueryEscape("type=master&ver=1.0&sig=" + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// account is a service over an empty store in memory, with a signing client.
type testAccount struct {
	t       testing.TB
	service *Service
	server  *httptest.Server
	store   *docstore.Store
}

// newAccount starts a service on a loopback socket. change may adjust its
// configuration.
func newAccount(t testing.TB, change func(*Config)) *testAccount {
	return newAccountAt(t, time.Now, change)
}

// newAccountAt is newAccount with a clock of its own.
func newAccountAt(t testing.TB, now func() time.Time, change func(*Config)) *testAccount {
	t.Helper()
	testkit.NoLeaks(t)
	return newAccountOn(t, vfs.NewMem(), now, change)
}

// newAccountOn is newAccountAt on a file system of its own.
func newAccountOn(t testing.TB, fs vfs.FS, now func() time.Time, change func(*Config)) *testAccount {
	t.Helper()
	db, err := kv.Open(kv.Options{FS: fs, Dir: "/srv/lazuli/data"})
	if err != nil {
		t.Fatal(err)
	}
	store, err := docstore.Open(docstore.Options{DB: db, Log: testkit.Discard(), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	exists, account := testCatalogue(t, store)
	c := Config{Store: store.Account(account.ID), Exists: exists, Account: account, Log: testkit.Discard(), Access: withKey(testKey)}
	if change != nil {
		change(&c)
	}
	svc, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	a := &testAccount{t: t, service: svc, store: store, server: httptest.NewServer(svc)}
	t.Cleanup(func() {
		a.server.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// answer is a reply that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// etag, sub and charge are the headers that tests look at most.
func (a *answer) etag() string { return a.header.Get("etag") }
func (a *answer) sub() string  { return a.header.Get("x-ms-substatus") }

// json decodes the body.
func (a *answer) json(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("body %q: %v", a.body, err)
	}
	return v
}

// headers are pairs of a name and a value.
type headers []string

// call sends a signed request. The path is escaped already.
func (a *testAccount) call(method, path, body string, h headers) *answer {
	a.t.Helper()
	escaped, _, _ := strings.Cut(path, "?")
	addr, err := parsePath(escaped)
	if err != nil {
		addr = address{}
	}
	return a.callSigned(method, path, addr.signedType(), addr.link, body, h)
}

// callSigned is call with a signature over a resource type and a link.
func (a *testAccount) callSigned(method, path, resourceType, link, body string, h headers) *answer {
	a.t.Helper()
	date := time.Now().UTC().Format(http.TimeFormat)
	return a.send(method, path, body, append(headers{
		"x-ms-date", date, "Authorization", signature(testKey, method, resourceType, link, date),
	}, h...))
}

// send sends a request as it is; of a header that is there twice the last counts.
func (a *testAccount) send(method, path, body string, h headers) *answer {
	a.t.Helper()
	req, err := http.NewRequest(method, a.server.URL+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	for i := 0; i+1 < len(h); i += 2 {
		req.Header.Set(h[i], h[i+1])
	}
	resp, err := a.server.Client().Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return &answer{resp.StatusCode, resp.Header, bytes.TrimSpace(got)}
}

// must is call with a required status.
func (a *testAccount) must(status int, method, path, body string, h headers) *answer {
	a.t.Helper()
	r := a.call(method, path, body, h)
	if r.status != status {
		a.t.Fatalf("%s %s: status %d, want %d: %s", method, path, r.status, status, r.body)
	}
	return r
}

// container creates database d and a container with the partition key, and
// returns the path of its documents.
func (a *testAccount) container(name, definition string) string {
	a.t.Helper()
	if r := a.call("POST", "/dbs", `{"id":"d"}`, nil); r.status != 201 && r.status != 409 {
		a.t.Fatalf("create database: %d %s", r.status, r.body)
	}
	a.must(201, "POST", "/dbs/d/colls", `{"id":"`+name+`",`+definition+`}`, nil)
	return "/dbs/d/colls/" + name + "/docs"
}

const keyPK = `"partitionKey":{"paths":["/pk"],"kind":"Hash","version":2}`

// pk is the partition key header of a string.
func pk(value string) headers { return headers{"x-ms-documentdb-partitionkey", `["` + value + `"]`} }

// and joins headers.
func (h headers) and(more ...string) headers { return append(append(headers{}, h...), more...) }

// query posts a query and returns the documents.
func (a *testAccount) query(docs, sql string, h headers) []any {
	a.t.Helper()
	body, err := json.Marshal(map[string]any{"query": sql})
	if err != nil {
		a.t.Fatal(err)
	}
	r := a.must(200, "POST", docs, string(body), h.and("Content-Type", "application/query+json", "x-ms-documentdb-isquery", "True"))
	return r.json(a.t)["Documents"].([]any)
}

// testCatalogue leads to the databases and containers of the store.
func testCatalogue(t testing.TB, store *docstore.Store) (*resource.Catalogue, resource.Account) {
	t.Helper()
	exists, err := resource.Open(resource.NewMem())
	if err != nil {
		t.Fatal(err)
	}
	if err := exists.Register(Kinds(store, nil)...); err != nil {
		t.Fatal(err)
	}
	account, err := exists.EnsureAccount(resource.CosmosAccounts, resource.Default)
	if err != nil {
		t.Fatal(err)
	}
	return exists, account
}
