package pythonapps

import (
	"path/filepath"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// valueTests is the number of tests in python.
const valueTests = 22

// TestValues: each kind of data becomes what the vendor's converters make of it.
func TestValues(t *testing.T) {
	worker, err := filepath.Abs("../../internal/host/pyworker/worker")
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"LAZULI_PYTHON_WORKER=" + worker}
	if results, ok := lab.RunPython(t, "pythonapps", "python", 1, env); ok {
		lab.Check(t, "pythonapps", results, valueTests)
	}
}
