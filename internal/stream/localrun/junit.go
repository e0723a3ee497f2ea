package localrun

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// junitSuite is a suite of the JUnit XML format, as far as CI servers read it.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes results in the JUnit XML format: one suite, a test case for
// each case, of each kind at most the first rows that differ (all: 0).
func WriteJUnit(w io.Writer, suite string, results []TestResult, most int) error {
	s := junitSuite{Name: suite, Tests: len(results)}
	var took time.Duration
	for i := range results {
		r := &results[i]
		took += r.Took
		c := junitCase{Name: r.Case, Class: r.File, Time: seconds(r.Took)}
		if !r.Passed() {
			s.Failures++
			var text strings.Builder
			for k := range r.Differ {
				text.WriteString(r.Differ[k].Text(most))
			}
			c.Failure = &junitFailure{Message: r.Summary(), Text: text.String()}
		}
		s.Cases = append(s.Cases, c)
	}
	s.Time = seconds(took)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(s); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// Summary says in one line how many rows differ.
func (r *TestResult) Summary() string {
	var parts []string
	for i := range r.Differ {
		d := &r.Differ[i]
		if d.Unknown {
			parts = append(parts, d.Output+": no such output")
		} else {
			parts = append(parts, fmt.Sprintf("%s: %d missing, %d unexpected", d.Output, len(d.Missing), len(d.Unexpected)))
		}
	}
	return strings.Join(parts, "; ")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
