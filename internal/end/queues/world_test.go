package queues

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// world is the real engine in a bubble of its own time.
type world struct {
	t       *testing.T
	account queue.Account

	mu      sync.Mutex
	changed chan struct{} // guarded by mu; closed when a queue comes or goes
}

// inWorld runs a test over an empty account.
func inWorld(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv"})
		if err != nil {
			t.Fatal(err)
		}
		store, err := queue.Open(queue.Options{DB: db})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(store.Close(), db.Close()); err != nil {
				t.Error(err)
			}
		}()
		f(t, &world{t: t, account: store.Account(1), changed: make(chan struct{})})
	})
}

func (w *world) make(ctx context.Context, name string) error {
	_, err := w.account.Create(ctx, name, nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.changed)
	w.changed = make(chan struct{})
	return err
}

func (w *world) end() End {
	return End{Queues: &Local{At: func(settings.Connection) (Account, error) {
		return Account{Queues: w.account, Make: w.make, Watch: func(string) <-chan struct{} {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.changed
		}}, nil
	}}}
}

// put puts messages as they are, into a queue that is made where it is missing.
func (w *world) put(name string, texts ...string) {
	w.t.Helper()
	q, err := w.account.Queue(name)
	if err != nil {
		if err := w.make(w.t.Context(), name); err != nil {
			w.t.Fatal(err)
		}
		q, _ = w.account.Queue(name)
	}
	for _, text := range texts {
		if _, err := q.Put(w.t.Context(), []byte(text), queue.PutOptions{}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// visible are the texts that anybody would get now.
func (w *world) visible(name string) (texts []string) {
	w.t.Helper()
	q, err := w.account.Queue(name)
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

// length is how many messages a queue has, those that are hidden included.
func (w *world) length(name string) int {
	w.t.Helper()
	q, err := w.account.Queue(name)
	if err != nil {
		return -1
	}
	info, err := q.Info()
	if err != nil {
		w.t.Fatal(err)
	}
	return info.Messages
}

// trigger makes a queueTrigger over the queue inbox.
func (w *world) trigger(queues string, r trigger.Invoker, more ...string) *Trigger {
	w.t.Helper()
	declaration := `{"name":"m","type":"queueTrigger","queueName":"inbox"`
	for _, m := range more {
		declaration += "," + m
	}
	tr, err := NewTrigger(w.end(), endtest.Setup(w.t, declaration+"}", `{"version":"2.0","extensions":{"queues":{`+queues+`}}}`, r))
	if err != nil {
		w.t.Fatal(err)
	}
	return tr
}

// output makes a queue output.
func (w *world) output(queues, name string) output.Output {
	w.t.Helper()
	c, err := hostjson.Parse("host.json", []byte(`{"version":"2.0","extensions":{"queues":{`+queues+`}}}`), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	o, err := w.end().Output().New(output.Setup{
		Binding:  endtest.Parse(w.t, `{"name":"o","type":"queue","direction":"out","queueName":"`+name+`"}`),
		Settings: settings.New(), Config: c, Function: "f", Log: testkit.Discard(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func values(pairs map[string]string) expr.Values {
	return expr.Values{Lookup: func(name string) (string, bool) { v, ok := pairs[name]; return v, ok }}
}
