package app

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/docstore"
)

func documents(t *testing.T, s *env) []string {
	t.Helper()
	c, err := s.containersOf(s.Storage.documents).Find("db", "docs")
	if err != nil {
		t.Fatal(err)
	}
	items, _, err := c.Changes(t.Context(), 0, docstore.ChangeOptions{Max: 100})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(items))
	for i := range items {
		out[i] = string(items[i].Body)
	}
	return out
}
