package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/stream/localrun"
)

// shownRows is how many rows of a kind a failing case shows without --full.
const shownRows = 10

// caseOptions are the flags of `lazuli stream test`.
type caseOptions struct {
	localrun.TestOptions
	full   bool
	format string
}

func newStreamTestCmd(s *session) *cobra.Command {
	var o caseOptions
	cmd := &cobra.Command{
		Use:   "test DIR",
		Short: "Run the test cases of a Stream Analytics project",
		Long: `Run the cases of testConfig.json in a folder or below it, and compare the rows
with the expected files, in any order. Of a case that fails the first rows that
are missing (-) and unexpected (+) are shown.

The query is the Script of testConfig.json, or, if that is empty or not there,
the project's that the folder lies in.`,
		Example: `  lazuli stream test .
  lazuli stream test . --case 'alarm*' --full
  lazuli stream test . --format junit > results.xml`,
		Args: exactArgs("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error { return s.streamTest(cmd.Context(), args[0], o) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Cases, "case", nil, "run the case of this name only; * stands for any text")
	f.BoolVar(&o.full, "full", false, "show all rows that differ")
	f.StringVar(&o.format, "format", "text", "text, or junit: XML that CI servers read")
	f.StringVar(&o.Level, "level", "", "1.2 takes the query as of this compatibility level, whatever JobConfig.json says")
	return cmd
}

func (s *session) streamTest(ctx context.Context, dir string, o caseOptions) error {
	if o.format != "text" && o.format != "junit" {
		return fmt.Errorf("--format %q is not one of text, junit", o.format)
	}
	if o.Level != "" && o.Level != localrun.Level12 {
		return fmt.Errorf("--level %s: only %s is here", o.Level, localrun.Level12)
	}
	results, err := localrun.Test(ctx, dir, o.TestOptions)
	if err != nil {
		return err
	}
	most := shownRows
	if o.full {
		most = 0
	}
	failed := 0
	for i := range results {
		if !results[i].Passed() {
			failed++
		}
	}
	if o.format == "junit" {
		if err := localrun.WriteJUnit(s.out, dir, results, most); err != nil {
			return err
		}
	} else {
		s.printCases(results, most)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %s failed", failed, count(len(results), "test case"))
	}
	fmt.Fprintf(s.err, "%s passed\n", count(len(results), "test case"))
	return nil
}

func (s *session) printCases(results []localrun.TestResult, most int) {
	cut := false
	for i := range results {
		r := &results[i]
		if r.Passed() {
			fmt.Fprintf(s.out, "ok    %s\n", r.Case)
			continue
		}
		fmt.Fprintf(s.out, "FAIL  %s\n", r.Case)
		for k := range r.Differ {
			d := &r.Differ[k]
			cut = cut || most > 0 && max(len(d.Missing), len(d.Unexpected)) > most
			fmt.Fprintf(s.out, "      %s\n", strings.ReplaceAll(strings.TrimSpace(d.Text(most)), "\n", "\n      "))
		}
	}
	if cut {
		fmt.Fprintln(s.err, "--full shows all rows")
	}
}
