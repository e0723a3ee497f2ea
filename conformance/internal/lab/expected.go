package lab

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Expected maps the tests of a suite that cannot pass to the reasons.
type Expected map[string]string

// LoadExpected reads the suite's lines of expected.txt:
//
//	<suite> <test> <reason, to the end of the line>
//
// Empty lines and those that begin with # do not count.
func LoadExpected(t *testing.T, suite string) Expected {
	t.Helper()
	f, err := os.Open(filepath.Join(Root(), "expected.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := parseExpected(bufio.NewScanner(f), suite)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func parseExpected(lines *bufio.Scanner, suite string) (Expected, error) {
	table := Expected{}
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 3 {
			return nil, fmt.Errorf("expected.txt:%d: want <suite> <test> <reason>", n)
		}
		if fields[0] != suite {
			continue
		}
		if _, twice := table[fields[1]]; twice {
			return nil, fmt.Errorf("expected.txt:%d: %s %s is listed twice", n, suite, fields[1])
		}
		table[fields[1]] = strings.Join(fields[2:], " ")
	}
	return table, lines.Err()
}

// Check holds the results against the table: everything passes or is listed,
// everything listed was run and failed. want is the number of tests the suite
// must have, so that a suite cannot shrink unseen.
func Check(t *testing.T, suite string, results []Result, want int) {
	t.Helper()
	for _, complaint := range compare(LoadExpected(t, suite), results, want) {
		t.Error(complaint)
	}
}

func compare(table Expected, results []Result, want int) []string {
	var complaints []string
	seen := map[string]bool{}
	passed := 0
	for _, r := range results {
		seen[r.Name] = true
		reason, listed := table[r.Name]
		switch {
		case r.Passed && listed:
			complaints = append(complaints, fmt.Sprintf("%s passes now: take it off expected.txt (%s)", r.Name, reason))
		case !r.Passed && !listed:
			complaints = append(complaints, fmt.Sprintf("%s fails:\n%s", r.Name, r.Output))
		case r.Passed:
			passed++
		}
	}
	for name := range table {
		if !seen[name] {
			complaints = append(complaints, name+" is listed in expected.txt but did not run")
		}
	}
	if len(results) != want {
		var ran []string
		for _, r := range results {
			ran = append(ran, r.Name)
		}
		complaints = append(complaints, fmt.Sprintf("%d tests ran, the suite has %d: %s", len(results), want, strings.Join(ran, " ")))
	}
	return complaints
}
