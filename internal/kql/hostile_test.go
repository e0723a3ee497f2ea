package kql

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// TestHostile runs queries that ask for too much: each stops with a clear error
// within its limits.
func TestHostile(t *testing.T) {
	tables := sampleTables(t)
	doubling := "let a0 = strcat('x', 'y');\n"
	tabling := "let t0 = nums;\n"
	for i := range 40 {
		n := string(appendInt(nil, i+1))
		before := string(appendInt(nil, i))
		doubling += "let a" + n + " = strcat(a" + before + ", a" + before + ");\n"
		tabling += "let t" + n + " = union t" + before + ", t" + before + ";\n"
	}
	for name, c := range map[string]struct{ query, code string }{
		"cartesian":       {"range x from 1 to 100000 step 1 | extend k = 1 | join kind=inner (range y from 1 to 100000 step 1 | extend k = 1) on k | count", "E_RUNAWAY_QUERY"},
		"endless range":   {"range x from 1 to 1000000000000 step 1 | count", "E_RUNAWAY_QUERY"},
		"make_list":       {"range x from 1 to 10000000 step 1 | extend s = strcat('a long text for each of them', x) | summarize make_list(s) by x % 100", "E_RUNAWAY_QUERY"},
		"make_set":        {"range x from 1 to 10000000 step 1 | summarize make_set(x) by x % 50", "E_RUNAWAY_QUERY"},
		"groups":          {"range x from 1 to 10000000 step 1 | summarize count() by x", "E_RUNAWAY_QUERY"},
		"sort":            {"range x from 1 to 10000000 step 1 | extend s = strcat('a', x) | sort by s", "E_RUNAWAY_QUERY"},
		"parentheses":     {"print " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000), "E_QUERY_TOO_DEEP"},
		"minus":           {"print " + strings.Repeat("-", 5000) + "1", "E_QUERY_TOO_DEEP"},
		"calls":           {"print " + strings.Repeat("abs(", 5000) + "1" + strings.Repeat(")", 5000), "E_QUERY_TOO_DEEP"},
		"tables":          {strings.Repeat("union (", 5000) + "nums" + strings.Repeat(")", 5000), "E_QUERY_TOO_DEEP"},
		"doubling texts":  {doubling + "print strlen(a40)", "E_RUNAWAY_QUERY"},
		"doubling tables": {tabling + "t40 | count", "E_QUERY_TOO_COMPLEX"},
		"recursion":       {"let f = (x:long) { f(x) }; print f(1)", "SEM0260"},
		"series":          {"print a = 1 | make-series count() on a from 0 to 1000000000 step 1", "E_RUNAWAY_QUERY"},
		"expansion":       {"range x from 1 to 1000000 step 1 | extend l = range(1, 1000) | mv-expand l | count", "E_RUNAWAY_QUERY"},
		"repeat":          {"print repeat('x', 100000000)", "E_RUNAWAY_QUERY"},
		"long regex":      {"print 'a' matches regex '" + strings.Repeat("a", 5000) + "'", "E_REGEX_TOO_LONG"},
		"regex of counts": {"print 'a' matches regex '((a{1000}){1000}){1000}'", "SEM0420"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Run(t.Context(), tables, c.query, Options{Now: testNow, Limits: Limits{Memory: 8 << 20, Steps: 2_000_000}})
			var e *Error
			if !errors.As(err, &e) || e.Code != c.code {
				t.Fatalf("gives %v, want %s", err, c.code)
			}
			if e.Class == LimitError && fault.KindOf(err) != fault.TooLarge {
				t.Errorf("a limit is of kind %v", fault.KindOf(err))
			}
		})
	}
}

func TestContextEndsAQuery(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Run(ctx, sampleTables(t), "range x from 1 to 1000000000 step 1 | count", Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("gives %v", err)
	}
}

func TestTimeLimit(t *testing.T) {
	_, err := Run(t.Context(), sampleTables(t), "range x from 1 to 1000000000 step 1 | count", Options{Limits: Limits{Time: time.Millisecond}})
	var e *Error
	if !errors.As(err, &e) || e.Code != "E_QUERY_TIMEOUT" {
		t.Errorf("gives %v", err)
	}
}

// TestPartial cuts a result at its limits and says so.
func TestPartial(t *testing.T) {
	tables := sampleTables(t)
	r, err := Run(t.Context(), tables, "range x from 1 to 100 step 1", Options{Limits: Limits{Rows: 10}})
	if err != nil || r.Rows != 10 || r.Partial == nil || r.Partial.Code != "E_QUERY_RESULT_SET_TOO_LARGE" {
		t.Errorf("gives %d rows, %v, %v", r.Rows, r.Partial, err)
	}
	r, err = Run(t.Context(), tables, "range x from 1 to 100000 step 1", Options{Limits: Limits{Bytes: 100_000}})
	if err != nil || r.Partial == nil || r.Rows >= 100_000 || r.Rows == 0 {
		t.Errorf("gives %d rows, %v, %v", r.Rows, r.Partial, err)
	}
	r, err = Run(t.Context(), tables, "range x from 1 to 10 step 1", Options{Limits: Limits{Rows: 10}})
	if err != nil || r.Rows != 10 || r.Partial != nil {
		t.Errorf("as many as allowed: %d rows, %v, %v", r.Rows, r.Partial, err)
	}
}
