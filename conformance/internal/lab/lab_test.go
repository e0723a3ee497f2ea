package lab

import (
	"bufio"
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

func TestTableAndRealityMustAgree(t *testing.T) {
	table := Expected{"Known": "because", "Cured": "was because", "Gone": "renamed"}
	got := compare(table, []Result{{"Good", true, ""}, {"Known", false, ""}, {"Cured", true, ""}, {"New", false, "boom"}}, 5)
	want := []string{"Cured passes now", "New fails:\nboom", "Gone is listed", "4 tests ran, the suite has 5: Good Known Cured New"}
	if len(got) != len(want) {
		t.Fatalf("complaints: %q", got)
	}
	for i, part := range want {
		if !strings.Contains(got[i], part) {
			t.Errorf("complaint %d is %q, want %q", i, got[i], part)
		}
	}
	if got := compare(Expected{"Known": "because"}, []Result{{"Known", false, ""}}, 1); got != nil {
		t.Errorf("an expected failure is complained about: %q", got)
	}
}

func TestParseExpected(t *testing.T) {
	const text = "# comment\n\nsuite A its reason\nother B x\nsuite B  two   words\n"
	got, err := parseExpected(bufio.NewScanner(strings.NewReader(text)), "suite")
	if err != nil || len(got) != 2 || got["A"] != "its reason" || got["B"] != "two words" {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []string{"suite A\n", "suite A x\nsuite A y\n"} {
		if _, err := parseExpected(bufio.NewScanner(strings.NewReader(bad)), "suite"); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestParseTestEvents(t *testing.T) {
	const stream = `{"Action":"run","Test":"A"}
{"Action":"output","Test":"A/sub","Output":"deep\n"}
{"Action":"fail","Test":"A/sub"}
{"Action":"fail","Test":"A"}
{"Action":"pass","Test":"B"}
{"Action":"skip","Test":"C"}
{"Action":"run","Test":"D"}
{"Action":"output","Test":"D","Output":"panic: boom\n"}
{"Action":"output","Output":"FAIL\n"}
not json
`
	run := parseTestEvents(strings.NewReader(stream))
	if r := run.results; len(r) != 3 || r[0].Passed || r[0].Output != "deep\n" || !r[1].Passed || r[2].Passed {
		t.Errorf("results %+v", r)
	}
	if run.rest != "FAIL\nnot json\n" {
		t.Errorf("what belongs to no test is %q", run.rest)
	}
	if len(run.cut) != 1 || run.cut["D"] != "panic: boom\n" {
		t.Errorf("interrupted: %q, want D", run.cut)
	}
}

func TestBrokeOff(t *testing.T) {
	over, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	failed, passed := []Result{{"A", false, ""}}, []Result{{"A", true, ""}}
	exit, killed := exec.Command("false").Run(), exec.Command("sh", "-c", "kill -9 $$").Run()
	for _, c := range []struct {
		ctx     context.Context
		err     error
		results []Result
		want    string
	}{
		{t.Context(), nil, passed, ""},
		{t.Context(), exit, failed, ""},
		{t.Context(), exit, passed, "exit status 1"},
		{t.Context(), killed, failed, "signal: killed"},
		{over, exit, failed, "its time was over: enough"},
	} {
		if got := brokeOff(c.ctx, c.err, c.results); got != c.want {
			t.Errorf("brokeOff(%v, %v) is %q, want %q", c.err, c.results, got, c.want)
		}
	}
}
