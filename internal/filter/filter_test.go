package filter

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// show writes a term as the grammar's tree.
func show(t Term) string {
	s := fmt.Sprintf("%q %s %q", t.Path, [...]string{"text", ":", "=", "!=", ">", ">=", "<", "<="}[t.Op], t.Values)
	if t.Not {
		s = "not " + s
	}
	return s
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":                           ``,
		"  ":                         ``,
		"boiler":                     `[] text ["boiler"]`,
		"-boiler pump":               `not [] text ["boiler"]; [] text ["pump"]`,
		`"two words" -"a \"b\" \\"`:  `[] text ["two words"]; not [] text ["a \"b\" \\"]`,
		"key:dangjin":                `["key"] : ["dangjin"]`,
		"key:dangjin,jeju":           `["key"] : ["dangjin" "jeju"]`,
		`key:"a,b",c`:                `["key"] : ["a,b" "c"]`,
		"body.tempC > 40":            `["body" "tempC"] > ["40"]`,
		"body.tempC>=40 seq<5":       `["body" "tempC"] >= ["40"]; ["seq"] < ["5"]`,
		"body.x != -5":               `["body" "x"] != ["-5"]`,
		"prop.schema:telemetry/2":    `["prop" "schema"] : ["telemetry/2"]`,
		`prop."my name"="x y"`:       `["prop" "my name"] = ["x y"]`,
		"time>2026-01-02T03:04:05Z":  `["time"] > ["2026-01-02T03:04:05Z"]`,
		"10.0.0.1":                   `[] text ["10.0.0.1"]`,
		"당진 body.도시:당진":              `[] text ["당진"]; ["body" "도시"] : ["당진"]`,
		"a -":                        `[] text ["a"]; [] text ["-"]`,
		"-prop.a:* x":                `not ["prop" "a"] : ["*"]; [] text ["x"]`,
		"body.items.0.id = A1 later": `["body" "items" "0" "id"] = ["A1"]; [] text ["later"]`,
	} {
		terms, err := Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var got []string
		for _, term := range terms {
			got = append(got, show(term))
		}
		if have := strings.Join(got, "; "); have != want {
			t.Errorf("%q: %s, want %s", text, have, want)
		}
	}
}

// TestErrors marks the place of each error under its text.
func TestErrors(t *testing.T) {
	for _, tc := range []struct{ text, mark, message string }{
		{`key:`, `   ^`, "a value is missing"},
		{`key: x`, `   ^^`, "a value is missing"},
		{`a key>`, `     ^`, "a value is missing"},
		{`key:a,`, `     ^`, "a value is missing"},
		{`x "open`, `  ^^^^^`, "not closed"},
		{`seq>3,4`, `    ^^^`, "compares with one value"},
		{`:x`, `^`, "a field's name comes before :"},
		{strings.Repeat("a ", 33), strings.Repeat(" ", 64) + "^^", "at most 32 terms"},
	} {
		_, err := Parse(tc.text)
		var wrong *Error
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Message, tc.message) {
			t.Errorf("%q: %v, want %q", tc.text, err, tc.message)
			continue
		}
		if got := strings.Repeat(" ", wrong.Start) + strings.Repeat("^", wrong.End-wrong.Start); got != tc.mark {
			t.Errorf("%q is marked at\n%q, want\n%q", tc.text, got, tc.mark)
		}
	}
	if _, err := Parse(strings.Repeat("a", maxText+1)); err == nil {
		t.Error("a filter of any length is read")
	}
}

// TestTest holds terms against texts; v is a text, or a number after #, or
// nothing.
func TestTest(t *testing.T) {
	for _, tc := range []struct {
		term, v string
		want    bool
	}{
		{"f:jin", "Dangjin", true},
		{"f:JIN", "dangjin", true},
		{"f=dangjin", "Dangjin", false},
		{"f=Dangjin", "Dangjin", true},
		{"f!=a", "b", true},
		{"f!=a", "a", false},
		{"f!=a", "", true},
		{"-f:a", "", true},
		{"-f!=a", "", false},
		{"f:40", "#40", true},
		{"f:40", "#140", false},
		{"f:40", "a 140", true},
		{"f:4e1", "#40", true},
		{`f:"40"`, "#40", false},
		{"f>40", "#40", false},
		{"f>=40", "#40", true},
		{"f<40", "#39.9", true},
		{"f<=40", "#41", false},
		{"f>40", "50", false},
		{"f>a", "b", true},
		{"f>b", "a", false},
		{"f:*", "x", true},
		{"f:*", "#1", true},
		{"f:*", "", false},
		{"-f:*", "", true},
		{"-f:*", "x", false},
		{"f:a,b", "xb", true},
		{"f=a,b", "b", true},
		{"f:1,2", "#2", true},
		{"f:당진", "충남 당진시", true},
		{"f:straße", "Hauptstraße", true},
		{"f:ÄRGER", "großer ärger", true},
		{"f:é", "É", true},
		{"f:a", "", false},
		{`f:"*"`, "a*b", true},
		{`f:"*"`, "ab", false},
		{"f:nan", "#1", false},
	} {
		terms, err := Parse(tc.term)
		if err != nil {
			t.Fatal(err)
		}
		test := terms[0].Test()
		var got bool
		if tc.v == "" {
			got = test.Missing()
		} else if number, ok := strings.CutPrefix(tc.v, "#"); ok {
			var f float64
			_, _ = fmt.Sscan(number, &f)
			got = test.Number(f)
		} else {
			got = test.Text([]byte(tc.v))
		}
		if got != tc.want {
			t.Errorf("%s of %s: %v", tc.term, tc.v, got)
		}
	}
}

func TestContainsFoldIsLikeLowering(t *testing.T) {
	texts := []string{"", "a", "A", "aA", "ab", "AB", "bab", "aab", "Äab", "äAB", "당A", "\xffa", "aaaaAAAAb", "ÀÉ"}
	for _, s := range texts {
		for _, sub := range texts {
			lower := strings.ToLower(sub)
			if strings.Contains(sub, "\xff") {
				continue // lowering makes another text of it
			}
			if got, want := ContainsFold([]byte(s), lower), strings.Contains(strings.ToLower(s), lower); got != want {
				t.Errorf("%q contains %q: %v", s, lower, got)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`-key:"a\"b",c body.x >= 4 text`)
	f.Fuzz(func(t *testing.T, text string) {
		terms, err := Parse(text)
		var wrong *Error
		if errors.As(err, &wrong) && (wrong.Start < 0 || wrong.End < wrong.Start || wrong.End > len(text)) {
			t.Fatalf("%q: an error at %d to %d", text, wrong.Start, wrong.End)
		}
		end := 0
		for _, term := range terms {
			if term.Start < end || term.End <= term.Start || term.End > len(text) || len(term.Values) == 0 {
				t.Fatalf("%q: %+v", text, term)
			}
			end = term.End
			test := term.Test()
			test.Text([]byte(text))
			test.Number(1)
		}
	})
}
