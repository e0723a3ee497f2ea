package lab

import (
	"bufio"
	"strings"
	"testing"
)

func TestTableAndRealityMustAgree(t *testing.T) {
	table := Expected{"Known": "because", "Cured": "was because", "Gone": "renamed"}
	got := compare(table, []Result{{"Good", true, ""}, {"Known", false, ""}, {"Cured", true, ""}, {"New", false, "boom"}}, 5)
	want := []string{"Cured passes now", "New fails:\nboom", "Gone is listed", "4 tests ran, the suite has 5"}
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
{"Action":"output","Output":"FAIL\n"}
not json
`
	results, other := parseTestEvents(strings.NewReader(stream))
	if len(results) != 3 || results[0].Passed || results[0].Output != "deep\n" || !results[1].Passed || results[2].Passed {
		t.Errorf("results %+v", results)
	}
	if other != "FAIL\nnot json\n" {
		t.Errorf("other output %q", other)
	}
}
