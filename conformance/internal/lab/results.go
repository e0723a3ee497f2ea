package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Result is what became of one test of a suite.
type Result struct {
	Name   string `json:"name"` // as the suite names it, without blanks
	Passed bool   `json:"passed"`
	Output string `json:"output"` // what the test said
}

// RunGoTests runs `go test -json` in a module's folder and returns the results
// of its top-level tests that ran. Skipped tests are failures: a skip is not a
// proof.
func RunGoTests(ctx context.Context, t *testing.T, dir string, env []string, args ...string) []Result {
	t.Helper()
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json", "-count=1"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	results, other := parseTestEvents(stdout)
	// The exit status says only that some test failed, which Check judges.
	_ = cmd.Wait()
	if len(results) == 0 {
		t.Fatalf("no test ran in %s:\n%s\n%s", dir, other, stderr.String())
	}
	return results
}

// parseTestEvents reads the event stream of go test -json.
func parseTestEvents(r io.Reader) (results []Result, other string) {
	type event struct{ Action, Test, Output string }
	output := map[string]*strings.Builder{}
	var rest strings.Builder
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			rest.Write(lines.Bytes())
			rest.WriteByte('\n')
			continue
		}
		if e.Test == "" {
			rest.WriteString(e.Output)
			continue
		}
		top, _, sub := strings.Cut(e.Test, "/")
		if output[top] == nil {
			output[top] = &strings.Builder{}
		}
		output[top].WriteString(e.Output)
		if sub {
			continue
		}
		switch e.Action {
		case "pass", "fail", "skip":
			results = append(results, Result{Name: top, Passed: e.Action == "pass", Output: output[top].String()})
		}
	}
	return results, rest.String()
}
