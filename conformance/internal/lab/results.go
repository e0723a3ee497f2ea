package lab

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
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
// proof. A run that breaks off (a panic, a time limit, a signal) fails t, told
// with the tests that it interrupted and the end of what it printed.
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
	run := parseTestEvents(stdout)
	runErr := cmd.Wait()
	if why := brokeOff(ctx, runErr, run.results); why != "" || len(run.cut) > 0 || len(run.results) == 0 {
		t.Errorf("go test in %s broke off (%s) after %d tests\n%s%s\n%s", dir, cmp.Or(why, "no reason given"),
			len(run.results), run.interrupted(), end(run.rest), end(stderr.String()))
	}
	return run.results
}

// brokeOff says why a suite's program cannot have come to its end: "" when its
// exit status is explained by the tests that failed.
func brokeOff(ctx context.Context, err error, results []Result) string {
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "its time was over: " + context.Cause(ctx).Error()
	case err == nil:
		return ""
	case errors.As(err, &exit) && exit.Exited() && slices.ContainsFunc(results, func(r Result) bool { return !r.Passed }):
		return ""
	default:
		return err.Error()
	}
}

// end is the last 16 KB of a text.
func end(text string) string {
	const most = 16 << 10
	if len(text) > most {
		return "[…]" + text[len(text)-most:]
	}
	return text
}

// goRun is what a run of go test -json said.
type goRun struct {
	results []Result
	cut     map[string]string // what tests said that began and did not end
	rest    string            // what belongs to no test: a panic's end, complaints of the compiler
}

// interrupted tells of the tests that began and did not end.
func (r goRun) interrupted() string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.cut)) {
		fmt.Fprintf(&text, "%s began and did not end:\n%s\n", name, end(r.cut[name]))
	}
	return text.String()
}

// parseTestEvents reads the event stream of go test -json.
func parseTestEvents(r io.Reader) goRun {
	type event struct{ Action, Test, Output string }
	output := map[string]*strings.Builder{}
	var results []Result
	var rest strings.Builder
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		switch {
		case json.Unmarshal(line, &e) != nil:
			rest.Write(line)
		case e.Test == "":
			rest.WriteString(e.Output)
		default:
			top, _, sub := strings.Cut(e.Test, "/")
			if output[top] == nil {
				output[top] = &strings.Builder{}
			}
			output[top].WriteString(e.Output)
			if !sub && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip") {
				results = append(results, Result{Name: top, Passed: e.Action == "pass", Output: output[top].String()})
				delete(output, top)
			}
		}
		if err != nil {
			break
		}
	}
	cut := map[string]string{}
	for name, said := range output {
		cut[name] = said.String()
	}
	return goRun{results, cut, rest.String()}
}
