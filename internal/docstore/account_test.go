package docstore

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Two accounts may have a database of one name; neither sees the other's, by
// name or by _rid, also after a restart.
func TestAccountsAreApart(t *testing.T) {
	w := newWorld(t)
	for id := range uint64(2) {
		if _, err := w.store.Account(id+1).CreateDatabase(t.Context(), DatabaseSpec{ID: "db"}); err != nil {
			t.Fatal(err)
		}
	}
	first, err := w.store.Account(1).Database("db")
	if err != nil {
		t.Fatal(err)
	}
	rid := first.Resource().RID
	w.reopen()
	if _, err := w.store.Account(1).Database(rid); err != nil {
		t.Errorf("by _rid: %v", err)
	}
	if _, err := w.store.Account(2).Database(rid); !fault.Is(err, fault.NotFound) {
		t.Errorf("by the _rid of another account's: %v", err)
	}
	if err := w.store.Account(2).DeleteDatabase(t.Context(), "db"); err != nil {
		t.Fatal(err)
	}
	if n1, n2 := len(w.store.Account(1).Databases()), len(w.store.Account(2).Databases()); n1 != 1 || n2 != 0 {
		t.Errorf("%d and %d databases, want 1 and 0", n1, n2)
	}
}
