package localrun

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// testConfig is the vendor's test file. Paths are relative to it.
type testConfig struct {
	Script    string
	TestCases []testCase
}

type testCase struct {
	Name            string
	Inputs          []testInput
	ExpectedOutputs []testOutput
}

type testInput struct {
	InputAlias, Type, Format, FilePath, ScriptType string
}

type testOutput struct {
	OutputAlias, FilePath string
	Required              bool
}

// TestOptions choose and change cases.
type TestOptions struct {
	Cases []string // names, without case; * stands for any text. None: all
	Level string   // see OpenProject
}

// TestResult is the outcome of one test case.
type TestResult struct {
	Case   string
	File   string // testConfig.json
	Took   time.Duration
	Differ []Difference // outputs that are not as expected; none: the case passed
}

// Passed says whether all outputs are as expected.
func (r *TestResult) Passed() bool { return len(r.Differ) == 0 }

// Test runs the test cases of a folder that holds testConfig.json, or of its
// sub-folders. Rows are compared as multisets: order does not matter, a NULL is
// as good as a property that is not there, and numbers may differ by one in a
// billion.
func Test(ctx context.Context, dir string, opts TestOptions) ([]TestResult, error) {
	files, err := findConfigs(dir)
	if err != nil {
		return nil, err
	}
	var results []TestResult
	var names []string
	for _, file := range files {
		config, err := readConfig(file)
		if err != nil {
			return nil, err
		}
		for _, c := range config.TestCases {
			names = append(names, c.Name)
			if !opts.wants(c.Name) {
				continue
			}
			start := time.Now()
			r, err := runCase(ctx, filepath.Dir(file), config.Script, c, opts.Level)
			if err != nil {
				return nil, fmt.Errorf("%s: case %s: %w", file, c.Name, err)
			}
			r.File, r.Took = file, time.Since(start)
			results = append(results, r)
		}
	}
	if len(results) == 0 {
		return nil, fault.New(fault.NotFound, dir, "no case is named %s; there is %s", strings.Join(opts.Cases, " or "), strings.Join(names, ", "))
	}
	return results, nil
}

// wants says whether a case is chosen.
func (o *TestOptions) wants(name string) bool {
	for _, pattern := range o.Cases {
		if matches(strings.ToLower(pattern), strings.ToLower(name)) {
			return true
		}
	}
	return len(o.Cases) == 0
}

// matches compares a name with a pattern in which * stands for any text.
func matches(pattern, name string) bool {
	first, rest, more := strings.Cut(pattern, "*")
	name, ok := strings.CutPrefix(name, first)
	if !more || !ok {
		return ok && name == ""
	}
	for i := range len(name) + 1 {
		if matches(rest, name[i:]) {
			return true
		}
	}
	return false
}

func findConfigs(dir string) ([]string, error) {
	var found []string
	for _, pattern := range []string{"testConfig.json", "*/testConfig.json", "*/*/testConfig.json"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		found = append(found, files...)
	}
	if len(found) == 0 {
		return nil, fault.New(fault.NotFound, dir, "no testConfig.json here or below")
	}
	sort.Strings(found)
	return found, nil
}

func readConfig(file string) (*testConfig, error) {
	var c testConfig
	if err := readJSON(file, &c); err != nil {
		return nil, err
	}
	if len(c.TestCases) == 0 {
		return nil, fault.New(fault.Invalid, file, "needs TestCases")
	}
	return &c, nil
}

func resolve(dir, path string) string {
	path = filepath.FromSlash(strings.ReplaceAll(path, `\`, "/"))
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// findScript finds the query of a test configuration. The vendor's tools write an
// empty Script, or one of another machine ("only for providing the context"):
// then it is the query of the project that the folder lies in.
func findScript(dir, script, level string) (string, error) {
	path := resolve(dir, script)
	if script != "" {
		if _, err := os.Stat(path); err == nil {
			return path, checkProjectOf(path, level)
		}
	}
	above := projectAbove(dir)
	switch {
	case above == "" && script == "":
		return "", fault.New(fault.Invalid, dir, "testConfig.json has no Script, and no %s is here or above that would name the query", ProjectFile)
	case above == "":
		return "", fault.New(fault.NotFound, path, "the Script is not there, and no %s is here or above that would name the query", ProjectFile)
	}
	p, err := OpenProject(above, level)
	if err != nil {
		return "", err
	}
	return p.Query, nil
}

func runCase(ctx context.Context, dir, script string, c testCase, level string) (TestResult, error) {
	script, err := findScript(dir, script, level)
	if err != nil {
		return TestResult{}, err
	}
	query, err := ReadQuery(script)
	if err != nil {
		return TestResult{}, err
	}
	config := Config{Query: query, Inputs: map[string]string{}, References: map[string]string{}, OutOfOrder: AnyOrder}
	if config.Functions, err = Functions(filepath.Join(filepath.Dir(script), "Functions")); err != nil {
		return TestResult{}, err
	}
	for _, in := range c.Inputs {
		if isReference(in.Type) {
			config.References[in.InputAlias] = resolve(dir, in.FilePath)
		} else {
			config.Inputs[in.InputAlias] = resolve(dir, in.FilePath)
		}
	}
	sinks := map[string]*rowSink{}
	config.Default = func(output string) stream.Sink {
		s := &rowSink{}
		sinks[strings.ToLower(output)] = s
		return s
	}
	if _, err := Run(ctx, config); err != nil {
		return TestResult{}, err
	}
	result := TestResult{Case: c.Name}
	for _, want := range c.ExpectedOutputs {
		path := resolve(dir, want.FilePath)
		rows, err := readRows(path)
		if errors.Is(err, os.ErrNotExist) && !want.Required {
			continue
		}
		if err != nil {
			return result, err
		}
		sink := sinks[strings.ToLower(want.OutputAlias)]
		if sink == nil {
			result.Differ = append(result.Differ, Difference{Output: want.OutputAlias, Unknown: true})
			continue
		}
		if d := difference(rows, sink.rows); len(d.Missing)+len(d.Unexpected) > 0 {
			d.Output = want.OutputAlias
			result.Differ = append(result.Differ, d)
		}
	}
	return result, nil
}

// rowSink keeps rows.
type rowSink struct {
	mu   sync.Mutex
	rows []any // guarded by mu
}

// Write implements stream.Sink.
func (s *rowSink) Write(_ context.Context, b stream.OutputBatch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range b.Rows {
		var v any
		if err := json.Unmarshal(r.JSON, &v); err != nil {
			return fault.Wrap(fault.Invalid, "", err, "a row is no JSON")
		}
		s.rows = append(s.rows, v)
	}
	return nil
}

func readRows(path string) ([]any, error) {
	f, in, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []any
	for {
		body, err := in.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			return nil, fault.Wrap(fault.Invalid, path, err, "a row is no JSON")
		}
		all = append(all, v)
	}
}
