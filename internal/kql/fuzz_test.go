package kql

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// FuzzRun runs any text over the sample tables within small limits: it must give
// an answer or an *Error, and never panic.
func FuzzRun(f *testing.F) {
	for _, file := range []string{"testdata/smoke.test", "testdata/literals.expr", "testdata/match.expr"} {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, line := range strings.Split(string(data), "\n") {
			f.Add(line)
		}
	}
	for _, seed := range []string{
		"let f=(x:long=1,T:(*)){T | take x}; f(2, requests)", "requests | top-nested 2 of name by count()", "union * | search 'x'",
		"requests | mv-apply t=customDimensions.tags on (summarize count())", "nums | make-series sum(n) on n from 0 to 9 step 2 by k",
		"requests | parse-kv name as (a:long) with (pair_delimiter=' ')", "print x=dynamic({'a':[1]}).a[-1]", "nums | evaluate narrow() | getschema",
	} {
		f.Add(seed)
	}
	tables := sampleTables(f)
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Run(t.Context(), tables, text, Options{Now: testNow, Limits: Limits{Rows: 1000, Bytes: 1 << 20, Memory: 8 << 20, Steps: 200_000, Time: 20 * time.Second}})
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
