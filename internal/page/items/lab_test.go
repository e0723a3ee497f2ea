package items

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/telemetry"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// lab is the page over a document service with a store in memory: container
// db/events with the key /pk, and db/leases, which keeps positions.
type lab struct {
	*portaltest.Lab
	t       *testing.T
	store   docstore.Account
	tasks   chan ended
	full    error  // why no task can be started
	exports string // folder
}

// ended is a task that ran to its end.
type ended struct {
	Task
	err    error
	done   int64
	of     int64
	said   string
	result string
}

func (e *ended) Of(n int64)        { e.of = n }
func (e *ended) Add(n int64)       { e.done += n }
func (e *ended) Say(s string)      { e.said = s }
func (e *ended) Result(url string) { e.result = url }

const base = "/api/accounts/default/databases/db/containers/events"

func newLab(t *testing.T) *lab {
	t.Helper()
	testkit.NoLeaks(t)
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv", Log: testkit.Discard()})
	store, err2 := docstore.Open(docstore.Options{DB: db, Log: testkit.Discard()})
	exists, err3 := resource.Open(resource.NewMem())
	if err := errors.Join(err, err2, err3, exists.Register(cosmos.Kinds(store, nil)...)); err != nil {
		t.Fatal(err)
	}
	account, err := exists.EnsureAccount(resource.CosmosAccounts, resource.Default)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ends := make(chan error, 2)
	for _, run := range []func(context.Context) error{db.Run, store.Run} {
		go func() { ends <- run(ctx) }()
	}
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ends, <-ends, store.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	svc, err := cosmos.New(cosmos.Config{
		Store: store.Account(account.ID), Exists: exists, Account: account, Log: testkit.Discard(), Access: oneKey{},
	})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, store: store.Account(account.ID), tasks: make(chan ended, 8)}
	dir := t.TempDir()
	l.exports = dir + "/portal/exports"
	l.Lab = portaltest.Serve(t, nil, Pages(Config{
		Accounts: func() []Named { return []Named{{Name: "default", Stored: l.store, Manage: engine{svc}}} },
		Counts:   telemetry.New(), Query: engine{svc},
		History: OpenHistory(dir+"/portal/queries.ndjson", testkit.Discard()), Folder: dir + "/portal/exports",
		Positions: func() map[string]bool { return map[string]bool{"db/leases": true} },
		Room:      func() error { return l.full },
		Start: func(task Task) (string, error) {
			e := ended{Task: task}
			e.err = task.Run(t.Context(), &e)
			l.tasks <- e
			return "1", nil
		},
	})...)
	l.want("POST", "/api/accounts/default/databases", `{"id":"db"}`, 201)
	for name, key := range map[string]string{"events": "/pk", "leases": "/id"} {
		l.want("POST", "/api/accounts/default/databases/db/containers", fmt.Sprintf(`{"resource":{"id":%q,"partitionKey":{"paths":[%q],"version":2}}}`, name, key), 201)
	}
	return l
}

// want sends a request and demands a status.
func (l *lab) want(method, path, body string, status int) map[string]any {
	l.t.Helper()
	code, got := l.Do(method, path, body)
	if code != status {
		l.t.Fatalf("%s %s %.80s: %d, want %d: %v", method, path, body, code, status, got)
	}
	return got
}

// ask runs a query and returns the answer.
func (l *lab) ask(sql string) map[string]any {
	l.t.Helper()
	text, err := json.Marshal(map[string]any{"query": sql, "typed": true})
	if err != nil {
		l.t.Fatal(err)
	}
	return l.want("POST", base+"/query", string(text), 200)
}

// put writes documents.
func (l *lab) put(docs ...string) {
	l.t.Helper()
	d, err := l.store.Database("db")
	if err != nil {
		l.t.Fatal(err)
	}
	c, err := d.Container("events")
	if err != nil {
		l.t.Fatal(err)
	}
	ops := make([]docstore.Op, len(docs))
	for i, doc := range docs {
		ops[i] = docstore.Op{Kind: docstore.Upsert, Body: []byte(doc)}
	}
	results, err := c.Write(l.t.Context(), ops, false)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil {
			l.t.Fatal(r.Err)
		}
	}
}

// get reads a file.
func (l *lab) get(path string) (string, http.Header) {
	l.t.Helper()
	res, err := http.Get(l.URL + path)
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		l.t.Fatalf("%s: %s %v", path, res.Status, err)
	}
	return string(text), res.Header
}

// upload imports a file and returns how that ended.
func (l *lab) upload(query, text string) ended {
	l.t.Helper()
	res, err := http.Post(l.URL+base+"/import?"+query, "application/octet-stream", strings.NewReader(text))
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 202 {
		l.t.Fatalf("import: %s", res.Status)
	}
	return <-l.tasks
}

// ids are the ids of a page's rows.
func ids(page map[string]any) string {
	var out []string
	for _, r := range page["rows"].([]any) {
		out = append(out, r.(map[string]any)["id"].(string))
	}
	return strings.Join(out, " ")
}

func q(text string) string { return url.QueryEscape(text) }

// engine is the service as the page knows it; internal/app has the same.
type engine struct{ *cosmos.Service }

func (engine) Describe(c *docstore.Container) (json.RawMessage, error) {
	return cosmos.DescribeContainer(c)
}

func (e engine) Ask(ctx context.Context, c *docstore.Container, q Query, maxBytes int) (*Result, error) {
	got, err := e.Explore(ctx, cosmos.Exploration{Container: c, Text: q.Text, MaxItems: q.Max, MaxBytes: maxBytes, Continuation: q.Continuation})
	if err != nil {
		return nil, err
	}
	return &Result{
		Rows: got.Rows, Continuation: got.Continuation, Charge: got.Charge, Explain: got.Explain,
		By: got.Walks.By, Walks: got.Walks.Paths, WalkCount: got.Walks.Count,
	}, nil
}

func (e engine) Check(c *docstore.Container, q Query) error {
	return e.CheckQuery(cosmos.Exploration{Container: c, Text: q.Text})
}

// oneKey is the access of an account that has one key.
type oneKey struct{}

func (oneKey) Keys() cosmos.Keys { return cosmos.Keys{Primary: "a2V5"} }

func (oneKey) Verify(context.Context, string) (cosmos.Bearer, error) {
	return cosmos.Bearer{}, errors.New("nobody issues tokens here")
}
