//go:build tofu

package arm

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestReplay makes the calls of recorded runs again, in their order, and demands
// the same status, and an answer of the same shape with the same values: ids that
// are drawn, times and secrets apart.
func TestReplay(t *testing.T) {
	records, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(records) == 0 {
		t.Fatalf("no records in testdata: %v", err)
	}
	for _, record := range records {
		t.Run(strings.TrimSuffix(filepath.Base(record), ".jsonl"), func(t *testing.T) {
			t.Parallel()
			replay(t, read(t, record))
		})
	}
}
