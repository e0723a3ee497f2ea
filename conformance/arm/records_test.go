package arm

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
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

// TestManagementClients runs Python's management clients as they are: Azure's names
// lead here.
func TestManagementClients(t *testing.T) {
	t.Parallel()
	inside, ok := lab.Up(t, project).Inside(t)
	if !ok {
		return
	}
	results, ok := inside.RunPython(t, "arm-mgmt", "mgmt", 6)
	if !ok {
		return
	}
	lab.Check(t, "arm-mgmt", results, 6)
}
