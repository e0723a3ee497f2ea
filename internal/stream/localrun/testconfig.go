package localrun

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"

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

// TestResult is the outcome of one test case.
type TestResult struct {
	Case   string
	Passed bool
	// Detail says, for each output that differs, which rows are missing and
	// which were not expected.
	Detail []string
}

// Test runs the test cases of a folder that holds testConfig.json, or of its
// sub-folders. Rows are compared as multisets: order does not matter, a NULL is
// as good as a property that is not there, and numbers may differ by one in a
// billion.
func Test(ctx context.Context, dir string) ([]TestResult, error) {
	files, err := findConfigs(dir)
	if err != nil {
		return nil, err
	}
	var results []TestResult
	for _, file := range files {
		config, err := readConfig(file)
		if err != nil {
			return nil, err
		}
		for _, c := range config.TestCases {
			r, err := runCase(ctx, filepath.Dir(file), config.Script, c)
			if err != nil {
				return nil, fmt.Errorf("%s: case %s: %w", file, c.Name, err)
			}
			results = append(results, r)
		}
	}
	return results, nil
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
	if c.Script == "" || len(c.TestCases) == 0 {
		return nil, fault.New(fault.Invalid, file, "needs Script and TestCases")
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

func runCase(ctx context.Context, dir, script string, c testCase) (TestResult, error) {
	script = resolve(dir, script)
	query, err := os.ReadFile(script)
	if err != nil {
		return TestResult{}, err
	}
	if err := checkProjectOf(script); err != nil {
		return TestResult{}, err
	}
	config := Config{Query: string(query), Inputs: map[string]string{}, References: map[string]string{}, OutOfOrder: AnyOrder}
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
			result.Detail = append(result.Detail, fmt.Sprintf("%s: the query has no such output", want.OutputAlias))
			continue
		}
		if d := difference(rows, sink.rows); d != "" {
			result.Detail = append(result.Detail, want.OutputAlias+":\n"+d)
		}
	}
	result.Passed = len(result.Detail) == 0
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

// difference matches rows in any order and lists those left over.
func difference(want, got []any) string {
	left := make(map[string][]any)
	for _, g := range got {
		left[shape(g)] = append(left[shape(g)], g)
	}
	var b strings.Builder
	for _, w := range want {
		rows := left[shape(w)]
		at := -1
		for i, g := range rows {
			if same(w, g) {
				at = i
				break
			}
		}
		if at < 0 {
			text, _ := json.Marshal(w)
			fmt.Fprintf(&b, "  - %s\n", text)
			continue
		}
		left[shape(w)] = append(rows[:at], rows[at+1:]...)
	}
	var extra []string
	for _, rows := range left {
		for _, g := range rows {
			text, _ := json.Marshal(g)
			extra = append(extra, fmt.Sprintf("  + %s\n", text))
		}
	}
	sort.Strings(extra)
	return b.String() + strings.Join(extra, "")
}

// shape is the same for rows that may be the same: their text without numbers,
// so that few rows have to be compared.
func shape(v any) string {
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name, x := range v {
			if x != nil {
				names = append(names, name+"="+shape(x))
			}
		}
		sort.Strings(names)
		return strings.Join(names, ",")
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = shape(x)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case float64:
		return "#"
	}
	return fmt.Sprint(v)
}

func same(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && math.Abs(x-y) <= 1e-9*math.Max(1, math.Max(math.Abs(x), math.Abs(y)))
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return false
		}
		for name, v := range x {
			if !same(v, y[name]) {
				return false
			}
		}
		for name, v := range y {
			if v != nil && x[name] == nil {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	}
	return a == b
}
