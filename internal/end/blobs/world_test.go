package blobs

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/end/queues"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// world is the real engines in a bubble of its own time.
type world struct {
	t      *testing.T
	blobs  objectstore.Account
	queues queue.Account

	mu      sync.Mutex
	changed chan struct{} // guarded by mu; closed when something comes or goes
}

// inWorld runs a test over an empty account.
func inWorld(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem()
		db, err := kv.Open(kv.Options{FS: fs, Dir: "kv"})
		if err != nil {
			t.Fatal(err)
		}
		objects, err := objectstore.Open(objectstore.Options{DB: db, FS: fs, Dir: "blobs", Log: testkit.Discard()})
		if err != nil {
			t.Fatal(err)
		}
		messages, err := queue.Open(queue.Options{DB: db})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(messages.Close(), objects.Close(), db.Close()); err != nil {
				t.Error(err)
			}
		}()
		f(t, &world{t: t, blobs: objects.Account(1), queues: messages.Account(1), changed: make(chan struct{})})
	})
}

func (w *world) watch(string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

func (w *world) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *world) makeContainer(ctx context.Context, name string) error {
	_, err := w.blobs.CreateContainer(ctx, name, objectstore.PrivateAccess, nil)
	w.tell()
	return err
}

func (w *world) end() End {
	messages := &queues.Local{At: func(settings.Connection) (queues.Account, error) {
		return queues.Account{Queues: w.queues, Watch: w.watch, Make: func(ctx context.Context, name string) error {
			_, err := w.queues.Create(ctx, name, nil)
			return err
		}}, nil
	}}
	return End{
		Queues: messages,
		State:  func(*settings.Settings) (state.Blobs, error) { return w.state(), nil },
		Work: func(ctx context.Context, _ *settings.Settings, name string) (queues.Queue, error) {
			return messages.Need(ctx, settings.Connection{}, name, queues.Process)
		},
		Blobs: &Local{At: func(settings.Connection) (Account, error) {
			return Account{Name: "acct", URL: "http://127.0.0.1:10000/acct", Blobs: w.blobs, Watch: w.watch, Make: w.makeContainer}, nil
		}},
	}
}

func (w *world) state() *State {
	return &State{Account: w.blobs, Container: func(ctx context.Context, name string) error {
		err := w.makeContainer(ctx, name)
		if fault.Is(err, fault.Conflict) {
			return nil
		}
		return err
	}}
}

// container is the container in, made where it is missing.
func (w *world) container() Container {
	w.t.Helper()
	c, err := w.end().Blobs.Need(w.t.Context(), settings.Connection{}, "inbox", Write)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// write writes blobs of the container, each with its name as content.
func (w *world) write(names ...string) {
	w.t.Helper()
	c := w.container()
	for _, name := range names {
		if err := c.Write(w.t.Context(), name, []byte("of "+name)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// messages are the texts that anybody would get of a queue now.
func (w *world) messages(name string) (texts []string) {
	w.t.Helper()
	q, err := w.queues.Queue(name)
	if err != nil {
		return nil
	}
	all, err := q.Peek(w.t.Context(), 32)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range all {
		texts = append(texts, string(m.Text))
	}
	return texts
}

// trigger makes a blobTrigger over {name} of the container inbox.
func (w *world) trigger(r trigger.Invoker, more string) *Trigger {
	w.t.Helper()
	return w.triggerOf(r, `"path":"inbox/{name}"`+more, "")
}

func (w *world) triggerOf(r trigger.Invoker, declaration, section string) *Trigger {
	w.t.Helper()
	tr, err := NewTrigger(w.end(), endtest.Setup(w.t, `{"name":"b","type":"blobTrigger",`+declaration+"}", `{"version":"2.0","extensions":{"blobs":{`+section+`}}}`, r))
	if err != nil {
		w.t.Fatal(err)
	}
	return tr
}

func values(pairs map[string]string) expr.Values {
	return expr.Values{Lookup: func(name string) (string, bool) { v, ok := pairs[name]; return v, ok }}
}
