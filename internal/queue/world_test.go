package queue

import (
	"context"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// world is a store over files that a test has in its hands.
type world struct {
	t     testing.TB
	fs    vfs.FS
	clock *testkit.Clock
	db    *kv.DB
	store *Store
}

const testAccount = 7

func newWorld(t testing.TB, fs vfs.FS) *world {
	t.Helper()
	w := &world{t: t, fs: fs, clock: testkit.NewClock(time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC))}
	w.open()
	return w
}

func (w *world) open() {
	w.t.Helper()
	var err error
	if w.db, err = kv.Open(kv.Options{FS: w.fs, Dir: "kv"}); err != nil {
		w.t.Fatal(err)
	}
	if w.store, err = Open(Options{DB: w.db, Now: w.clock.Now}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) close() {
	w.t.Helper()
	if err := w.store.Close(); err != nil {
		w.t.Error(err)
	}
	if err := w.db.Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *world) account() Account { return w.store.Account(testAccount) }

// queue returns a queue, made if need be.
func (w *world) queue(name string) *Queue {
	w.t.Helper()
	if _, err := w.account().Create(context.Background(), name, nil); err != nil {
		w.t.Fatal(err)
	}
	q, err := w.account().Queue(name)
	if err != nil {
		w.t.Fatal(err)
	}
	return q
}

func (w *world) put(q *Queue, text string, o PutOptions) Message {
	w.t.Helper()
	m, err := q.Put(context.Background(), []byte(text), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) get(q *Queue, limit int, hidden time.Duration) []Message {
	w.t.Helper()
	all, err := q.Get(context.Background(), limit, hidden)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// is reports whether an error has the code.
func is(err error, code fault.Code) bool {
	e, ok := err.(*fault.Refusal) //nolint:errorlint // it is returned as it is
	return ok && e.Code == code && fault.KindOf(e) != fault.Internal
}

func texts(all []Message) (s string) {
	for _, m := range all {
		s += string(m.Text) + " "
	}
	return s
}
