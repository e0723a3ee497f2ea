package cosmos

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// asked collects what an Access was asked.
type asked struct {
	mu    sync.Mutex
	lines []string // guarded by mu
}

func (a *asked) add(action, path string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lines = append(a.lines, strings.TrimPrefix(action, databaseAccounts)+" on "+path)
}

func (a *asked) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	lines := a.lines
	a.lines = nil
	return lines
}

func TestEveryOperationHasARight(t *testing.T) {
	for _, op := range operations {
		if op.right == noRight || int(op.right) >= len(rights) {
			t.Errorf("%s: no right", op.name)
		}
	}
	for _, f := range refusals {
		if f.feed != "" && f.right == noRight {
			t.Errorf("the list of %s: no right", kindNames[f.kind])
		}
	}
}

// What a role is asked for names the resource as assignments do, also where the
// path has _rids.
func TestRolesAreAskedByName(t *testing.T) {
	var log asked
	nowhere := false // the bearer has no role at all
	access := withKey(testKey)
	access.verify = func(string) (Bearer, error) {
		return Bearer{Principal: "p", May: func(action, path string) error {
			log.add(action, path)
			if path == "/dbs/d/colls/mine" || path == AnyScope && !nowhere {
				return nil
			}
			return fault.New(fault.Forbidden, "", "no")
		}}, nil
	}
	a := newAccount(t, func(c *Config) { c.Access = access })
	a.container("mine", keyPK)
	a.container("other", keyPK)
	db := a.must(200, "GET", "/dbs/d", "", nil).json(t)["_rid"].(string)
	mine := a.must(200, "GET", "/dbs/d/colls/mine", "", nil).json(t)["_rid"].(string)
	token := func(method, path string) *answer {
		return a.send(method, path, "", pk("p").and("Authorization", "type=aad&ver=1.0&sig=a.b.c"))
	}
	for _, c := range []struct {
		path, asked string
		status      int
		resource    string
	}{
		{"/dbs/d/colls/mine/docs", "sqlDatabases/containers/readChangeFeed on /dbs/d/colls/mine", 200, ""},
		{"/dbs/" + db + "/colls/" + mine + "/docs", "sqlDatabases/containers/readChangeFeed on /dbs/d/colls/mine", 200, ""},
		{"/dbs/d/colls/mine/docs/x", "sqlDatabases/containers/items/read on /dbs/d/colls/mine", 404, ""},
		{"/dbs/d/colls/other/docs", "sqlDatabases/containers/readChangeFeed on /dbs/d/colls/other", 403, "dbs/d/colls/other"},
		{"/dbs/d/colls/nowhere/docs", "sqlDatabases/containers/readChangeFeed on /dbs/d/colls/nowhere", 403, "dbs/d/colls/nowhere"},
		{"/dbs/nowhere", "readMetadata on /dbs/nowhere", 403, "dbs/nowhere"},
		{"/dbs", "readMetadata on ", 403, "/"},
		{"/dbs/d%2Fcolls%2Fmine/colls", "readMetadata on /dbs/d%2Fcolls%2Fmine", 403, "dbs/d%2Fcolls%2Fmine"},
		{"/", "readMetadata on *", 200, ""}, // as every client does first
	} {
		r := token("GET", c.path)
		if got := log.take(); !slices.Equal(got, []string{c.asked}) {
			t.Errorf("%s: asked %q", c.path, got)
		}
		if r.status != c.status || c.status == 403 && !strings.Contains(string(r.body), "on resource ["+c.resource+"]. Learn more: https://aka.ms/cosmos-native-rbac.") {
			t.Errorf("%s: %d %s", c.path, r.status, r.body)
		}
	}
	nowhere = true
	if r := token("GET", "/"); r.status != 403 || r.sub() != "5301" || !strings.Contains(string(r.body), "Request blocked by Auth default : Request for Read DatabaseAccount is blocked because "+
		"principal [p] does not have required RBAC permissions to perform action [Microsoft.DocumentDB/databaseAccounts/readMetadata] on any scope. Learn more: ") {
		t.Errorf("the account, without a role: %d/%s %s", r.status, r.sub(), r.body)
	}
}

// A batch asks for each of its operations before anything is done.
func TestBatchAsksForEachOperation(t *testing.T) {
	access := withKey(testKey)
	access.verify = verifyRoles
	access.keys.PrimaryReadOnly = testKeyOf("read-only")
	a := newAccount(t, func(c *Config) { c.Access = access })
	docs := a.container("c", keyPK)
	a.must(201, "POST", docs, `{"id":"i","pk":"p"}`, pk("p"))
	read, remove := `{"operationType":"Read","id":"i"}`, `{"operationType":"Delete","id":"i"}`
	for _, atomic := range []string{"True", "False"} {
		header := pk("p").and("x-ms-cosmos-is-batch-request", "True", "x-ms-cosmos-batch-atomic", atomic, "x-ms-cosmos-batch-continue-on-error", "True")
		send := func(token, body string) *answer {
			return a.send("POST", docs, body, header.and("Authorization", token))
		}
		for name, c := range map[string]struct {
			token, body string
			status      int
			sub, text   string
		}{
			"reader reads":         {"type=aad&ver=1.0&sig=a.b.reader", "[" + read + "," + read + "]", 200, "", ""},
			"reader deletes":       {"type=aad&ver=1.0&sig=a.b.reader", "[" + read + "," + remove + "]", 403, "5301", "items/delete"},
			"writer reads":         {"type=aad&ver=1.0&sig=a.b.writer", "[" + read + "]", 403, "5301", "items/read"},
			"nobody, empty":        {"type=aad&ver=1.0&sig=a.b.nobody", "[]", 400, "", "between 1 and"},
			"nobody, unknown type": {"type=aad&ver=1.0&sig=a.b.nobody", `[{"operationType":"Purge","id":"i"},` + read + `]`, 403, "5301", "items/read"},
			"key deletes":          {"type=aad&ver=1.0&sig=" + emulatorToken(testKeyOf("read-only")), "[" + remove + "]", 403, "", "read-only"},
		} {
			if r := send(c.token, c.body); r.status != c.status || r.sub() != c.sub || !strings.Contains(string(r.body), c.text) {
				t.Errorf("%s: %d/%s %s", name, r.status, r.sub(), r.body)
			}
		}
	}
	a.must(200, "GET", docs+"/i", "", pk("p"))
}

// Keys count as they are at each request.
func TestKeysChangeWhileItRuns(t *testing.T) {
	access := withKey(testKey)
	a := newAccount(t, func(c *Config) { c.Access = access })
	date := time.Now().UTC().Format(http.TimeFormat)
	with := func(key string) int {
		return a.send("GET", "/dbs", "", headers{"x-ms-date", date, "Authorization", signature(key, "GET", "dbs", "", date)}).status
	}
	second := testKeyOf("second")
	if got := []int{with(testKey), with(second)}; !slices.Equal(got, []int{200, 401}) {
		t.Errorf("before: %v", got)
	}
	access.change(func(f *fakeAccess) { f.keys = Keys{Primary: second, Secondary: testKey} })
	if got := []int{with(testKey), with(second)}; !slices.Equal(got, []int{200, 200}) {
		t.Errorf("with both: %v", got)
	}
	access.change(func(f *fakeAccess) { f.keys.Secondary = "not base64!" })
	if got := []int{with(testKey), with(second)}; !slices.Equal(got, []int{401, 200}) {
		t.Errorf("with a broken one: %v", got)
	}
	access.change(func(f *fakeAccess) { f.keys = Keys{} })
	if got := []int{with(testKey), with(second)}; !slices.Equal(got, []int{401, 401}) {
		t.Errorf("with none: %v", got)
	}
}

// Where nobody can say who may, nobody may, and it is not called a missing role.
func TestUndecidedRights(t *testing.T) {
	access := withKey(testKey)
	a := newAccount(t, func(c *Config) { c.Access = access })
	for name, c := range map[string]struct {
		verify func(string) (Bearer, error)
		status int
	}{
		"the issuer is away": {func(string) (Bearer, error) { return Bearer{}, fault.New(fault.Unavailable, "", "away") }, 503},
		"roles are unknown": {func(string) (Bearer, error) {
			return Bearer{May: func(string, string) error { return errors.New("lost") }}, nil
		}, 500},
		"nobody answers": {func(string) (Bearer, error) { return Bearer{}, nil }, 500},
	} {
		access.change(func(f *fakeAccess) { f.verify = c.verify })
		if r := a.send("GET", "/dbs", "", headers{"Authorization", "type=aad&ver=1.0&sig=a.b.c"}); r.status != c.status {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
}

// signedIn is a credential of the SDK whose tokens end in the name of a role.
type signedIn string

func (s signedIn) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "a.b." + string(s), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// The official client signs in by Entra: what each role may, and no more.
func TestSDKWithRoles(t *testing.T) {
	access := withKey(testKey)
	access.verify = verifyRoles
	a := newAccount(t, func(c *Config) { c.Access = access })
	a.container("c", keyPK)
	overTLS := httptest.NewTLSServer(a.service)
	t.Cleanup(overTLS.Close)
	for role, may := range map[signedIn]struct{ read, write, query bool }{
		"reader": {true, false, true}, "writer": {false, true, false}, "contributor": {true, true, true}, "nobody": {},
	} {
		t.Run(string(role), func(t *testing.T) {
			client, err := azcosmos.NewClient(overTLS.URL, role, &azcosmos.ClientOptions{ClientOptions: policy.ClientOptions{
				Transport: overTLS.Client(), Retry: policy.RetryOptions{MaxRetries: -1},
			}})
			if err != nil {
				t.Fatal(err)
			}
			c, err := client.NewContainer("d", "c")
			if err != nil {
				t.Fatal(err)
			}
			ctx, key := t.Context(), azcosmos.NewPartitionKeyString("p")
			a.call("POST", "/dbs/d/colls/c/docs", `{"id":"i","pk":"p"}`, pk("p").and("x-ms-documentdb-is-upsert", "True"))
			lacks := func(action string) string {
				return "[id of " + string(role) + "] does not have required RBAC permissions to perform action [" +
					databaseAccounts + "sqlDatabases/containers/" + action + "] on resource [dbs/d/colls/c]"
			}
			_, err = c.UpsertItem(ctx, key, []byte(`{"id":"i","pk":"p"}`), nil)
			wantAnswer(t, "upsert", err, may.write, map[bool]string{true: "readMetadata] on any scope", false: lacks("items/upsert")}[role == "nobody"]) // the client reads the account first
			_, err = c.ReadItem(ctx, key, "i", nil)
			wantAnswer(t, "read", err, may.read, lacks("items/read"))
			_, err = c.NewQueryItemsPager("SELECT * FROM c", key, nil).NextPage(ctx)
			wantAnswer(t, "query", err, may.query, lacks("executeQuery"))
			_, err = c.DeleteItem(ctx, key, "i", nil)
			wantAnswer(t, "delete", err, may.write, lacks("items/delete"))
			_, err = client.CreateDatabase(ctx, azcosmos.DatabaseProperties{ID: "new"}, nil)
			wantAnswer(t, "create database", err, false, "")
		})
	}
}

func wantAnswer(t *testing.T, what string, err error, allowed bool, text string) {
	t.Helper()
	switch {
	case allowed && err != nil:
		t.Errorf("%s: %v", what, err)
	case !allowed && (err == nil || !strings.Contains(err.Error(), "RESPONSE 403") || !strings.Contains(err.Error(), text)):
		t.Errorf("%s: %v", what, err)
	}
}

// FuzzBatchRights checks that no operation gets through a batch without its right
// being asked for.
func FuzzBatchRights(f *testing.F) {
	f.Add([]byte(`[{"operationType":"Create","resourceBody":{"id":"1"}},{"operationType":"Read","id":"1"}]`))
	f.Add([]byte(`[{"operationType":"Patch","id":"1","resourceBody":{"operations":[]},"operationType":"Delete"}]`))
	f.Add([]byte(`[{"operationType":"delete"}]`))
	a := newAccount(f, nil)
	a.container("c", keyPK)
	x := newExchange(a.service, httptest.NewRecorder(), httptest.NewRequest("POST", "/dbs/d/colls/c/docs", nil))
	x.addr = address{kind: kindItem, db: "d", coll: "c"}
	if err := x.openContainer(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		batch, err := parseBatch(body)
		if err != nil {
			return
		}
		for i := range batch {
			if _, err := x.storeOp(&batch[i], nil); err != nil {
				continue
			}
			if r, known := batchRights[batch[i].kind]; !known || rights[r].action == "" {
				t.Errorf("%q runs without a right", batch[i].kind)
			}
		}
	})
}
