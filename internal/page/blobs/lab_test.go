package blobs

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// lab is the page over a store in memory, behind a real socket. The account is "acct",
// its container "box".
type lab struct {
	*portaltest.Lab
	t      *testing.T
	store  objectstore.Account
	signed []Signature
}

func newLab(t *testing.T) *lab {
	t.Helper()
	testkit.NoLeaks(t)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "db", Log: testkit.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := objectstore.Open(objectstore.Options{DB: db, FS: vfs.NewMem(), Dir: "blobs", Log: testkit.Discard()})
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
	l := &lab{t: t, store: engine.Account(1)}
	account := Named{
		Account: resource.Account{ID: 1, Type: resource.StorageAccounts, Name: "acct"},
		Host:    "acct.blob.core.windows.net", URL: "http://127.0.0.1:10000/acct", Stored: l.store,
	}
	tasks := &portal.Tasks{}
	l.Lab = portaltest.ServeConfig(t, portal.Config{Tasks: tasks, Boards: dashboard.New(dashboard.Options{}), Pages: Pages(Config{
		Accounts: func() []Named { return []Named{account} }, Usage: engine.Usage, Tasks: tasks,
		Changes: Changes{
			Create: func(ctx context.Context, id resource.ID, access string) error {
				level, _ := levelOf(access)
				_, err := l.store.CreateContainer(ctx, id.Name, level, nil)
				return err
			},
			Remove: func(ctx context.Context, id resource.ID) error {
				return l.store.DeleteContainer(ctx, id.Name, objectstore.Conditions{})
			},
		},
		Asked: func(a resource.Account, name string) portal.Asked {
			return portal.Asked{Requests: int64(len(a.Name + name)), Refused: 2, Failed: 1}
		},
		Sign: func(_ resource.Account, s Signature) (string, error) {
			l.signed = append(l.signed, s)
			return "sig=x", nil
		},
	})})
	l.want(http.StatusCreated, "POST", "/api/storage/acct/containers", `{"name":"box","access":""}`)
	return l
}

// want sends a request and demands a status.
func (l *lab) want(status int, method, path, body string) map[string]any {
	l.t.Helper()
	got, v := l.Do(method, path, body)
	if got != status {
		l.t.Errorf("%s %s: %d %v, want %d", method, path, got, v, status)
	}
	return v
}

const box = "/api/storage/acct/containers/box"

// at is the address of something of a blob; more are further pairs of the query.
func at(what, name string, more ...string) string {
	q := url.Values{"name": {name}}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	if what != "" {
		what = "/" + what
	}
	return box + "/blob" + what + "?" + q.Encode()
}

// send puts bytes.
func (l *lab) send(method, path, media string, body []byte) (int, []byte) {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), method, l.URL+path, bytes.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("Content-Type", media)
	status, _, got := l.do(r)
	return status, got
}

func (l *lab) do(r *http.Request) (int, http.Header, []byte) {
	l.t.Helper()
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return reply.StatusCode, reply.Header, body
}

func (l *lab) get(path string, headers ...string) (int, http.Header, []byte) {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), http.MethodGet, l.URL+path, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return l.do(r)
}

// put uploads a blob.
func (l *lab) put(name, body string, more ...string) {
	l.t.Helper()
	if status, got := l.send("PUT", at("", name, more...), "application/octet-stream", []byte(body)); status != http.StatusCreated {
		l.t.Fatalf("put %q: %d %s", name, status, got)
	}
}

// list is the listing of a query.
func (l *lab) list(query string) BlobPage {
	l.t.Helper()
	status, _, body := l.get(box + "/blobs?" + query)
	var page BlobPage
	if err := json.Unmarshal(body, &page); err != nil || status != http.StatusOK {
		l.t.Fatalf("list %s: %d %s", query, status, body)
	}
	return page
}

func (l *lab) detail(name string, more ...string) Blob {
	l.t.Helper()
	status, _, body := l.get(at("", name, more...))
	var b Blob
	if err := json.Unmarshal(body, &b); err != nil || status != http.StatusOK {
		l.t.Fatalf("detail of %q: %d %s", name, status, body)
	}
	return b
}

// ended waits for a task and returns it.
func (l *lab) ended(id any) portal.TaskState {
	l.t.Helper()
	for range 500 {
		_, _, body := l.get("/api/tasks")
		var all []portal.TaskState
		if err := json.Unmarshal(body, &all); err != nil {
			l.t.Fatal(err)
		}
		for _, s := range all {
			if s.ID == id && s.Ended != 0 {
				return s
			}
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-l.t.Context().Done():
		}
	}
	l.t.Fatalf("task %v did not end", id)
	return portal.TaskState{}
}
