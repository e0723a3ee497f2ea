package jobs

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

func TestStore(t *testing.T) {
	db, err := kv.Open(kv.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store := func(job string) *Store {
		return NewStore(db, db.Space(kv.StreamCheckpoints), db.Space(kv.StreamJournals), job)
	}
	s, other, ctx := store("j"), store("j2"), t.Context()
	check := func(wantState string, wantJournal ...string) {
		t.Helper()
		state, journal, err := s.Load(ctx, "lane")
		var texts []string
		for _, e := range journal {
			texts = append(texts, string(e))
		}
		if err != nil || string(state) != wantState || strings.Join(texts, " ") != strings.Join(wantJournal, " ") {
			t.Errorf("%q %q %v, want %q %q", state, texts, err, wantState, wantJournal)
		}
	}
	check("")
	for _, err := range []error{
		s.Append(ctx, "lane", []byte("a")), s.Append(ctx, "lane", []byte("b")), other.Append(ctx, "lane", []byte("x")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	check("", "a", "b")
	if err := s.Save(ctx, "lane", []byte("state"), [][]byte{[]byte("c")}); err != nil {
		t.Fatal(err)
	}
	check("state", "c")
	if _, journal, err := other.Load(ctx, "lane"); err != nil || len(journal) != 1 {
		t.Errorf("another job: %q, %v", journal, err)
	}
}
