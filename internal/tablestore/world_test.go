package tablestore

import (
	"errors"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// world is a store that a test can close, crash and open again.
type world struct {
	t     testing.TB
	fs    vfs.FS
	clock *testkit.Clock
	db    *kv.DB
	store *Store
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, fs: vfs.NewMem(), clock: testkit.NewClock(time.Unix(1_700_000_000, 0))}
	w.open()
	t.Cleanup(w.close)
	return w
}

func (w *world) open() {
	w.t.Helper()
	var err error
	if w.db, err = kv.Open(kv.Options{FS: w.fs, Dir: "db", Log: testkit.Discard()}); err != nil {
		w.t.Fatal(err)
	}
	if w.store, err = Open(Options{DB: w.db, Now: w.clock.Now, Log: testkit.Discard()}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) close() {
	w.t.Helper()
	if w.store == nil {
		return
	}
	if err := errors.Join(w.store.Close(), w.db.Close()); err != nil {
		w.t.Errorf("close: %v", err)
	}
	w.store = nil
}

func (w *world) reopen() {
	w.t.Helper()
	w.close()
	w.open()
}

// table returns the table of account 1 with the name, made if missing.
func (w *world) table(name string) *Table {
	w.t.Helper()
	a := w.store.Account(1)
	t, err := a.Table(name)
	if err != nil {
		t, err = a.CreateTable(w.t.Context(), name)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

// wantCode fails unless the error has the code; "" is no error.
func wantCode(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if got := codeOf(err); got != code {
		t.Fatalf("error %v has code %q, want %q", err, got, code)
	}
}

func codeOf(err error) fault.Code {
	var e *fault.Refusal
	switch {
	case errors.As(err, &e):
		return e.Code
	case err != nil:
		return fault.Code("other: " + err.Error())
	}
	return ""
}

// entity is an entity with those properties: name, value, name, value.
func entity(partition, row string, pairs ...any) Entity {
	e := Entity{PartitionKey: partition, RowKey: row}
	for i := 0; i < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		value, _ := pairs[i+1].(Value)
		e.Properties = append(e.Properties, Property{name, value})
	}
	return e
}

func write(t testing.TB, table *Table, kind OpKind, e Entity) Ticks {
	t.Helper()
	stamp, err := table.Write(t.Context(), &Op{Kind: kind, Entity: e})
	if err != nil {
		t.Fatalf("%v %s: %v", kind, e.name(), err)
	}
	return stamp
}

// rows returns the keys that the whole query yields, PARTITION/ROW.
func rows(t testing.TB, table *Table, q Query) (all []string) {
	t.Helper()
	if q.Max == 0 {
		q.Max = MaxPage
	}
	for {
		next, err := table.Query(t.Context(), q, func(e *Entity) error {
			all = append(all, e.PartitionKey+"/"+e.RowKey)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if next == nil {
			return all
		}
		q.From = next
	}
}
