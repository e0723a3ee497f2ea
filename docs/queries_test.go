package docs_test

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// TestQueriesCompile compiles every SQL block of the guide to stream queries.
func TestQueriesCompile(t *testing.T) {
	found := blocks(t, "stream.md", "sql")
	if len(found) == 0 {
		t.Error("no query is shown")
	}
	for _, block := range found {
		if _, err := streamsql.Compile(block, streamsql.Options{Inputs: []streamsql.InputOptions{{Name: "plants", Reference: true}, {Name: "meters", Blob: true}}}); err != nil {
			t.Error(err)
		}
	}
}
