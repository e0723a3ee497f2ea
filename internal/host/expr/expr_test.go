package expr

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestSettings(t *testing.T) {
	lookup := func(name string) (string, bool, error) {
		switch name {
		case "Hub":
			return "telemetry", true, nil
		case "Vault":
			return "", false, errors.New("Vault is refused")
		}
		return "", false, nil
	}
	for text, want := range map[string]string{
		"plain": "plain", "%Hub%": "telemetry", "a-%Hub%-b-%Hub%": "a-telemetry-b-telemetry", "100%": "100%", "%%": "%%",
	} {
		if got, err := Settings(text, lookup); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if _, err := Settings("%Missing%", lookup); err == nil || !strings.Contains(err.Error(), "Missing") {
		t.Errorf("a missing setting: %v", err)
	}
	if _, err := Settings("a-%Vault%", lookup); err == nil || !strings.Contains(err.Error(), "Vault is refused") {
		t.Errorf("a setting that cannot be used: %v", err)
	}
}

func TestExpand(t *testing.T) {
	v := Values{
		Function: "F", Now: time.Date(2026, 1, 2, 15, 4, 5, 678_000_000, time.FixedZone("KST", 9*3600)),
		Lookup: func(name string) (string, bool) {
			value, ok := map[string]string{"id": "7", "data.temperature": "41"}[name]
			return value, ok
		},
	}
	for text, want := range map[string]string{
		"plain":                          `plain`,
		"a{id}b":                         `a7b`,
		"{data.temperature}":             `41`,
		"{{x}}":                          `\{x\}`,
		"{sys.methodname}":               `F`,
		"{datetime}":                     `2026-01-02T06-04-05Z`,
		"{datetime:yyyyMMdd}":            `20260102`,
		"{DateTime:yy-M-d HH.mm.ss.fff}": `26-1-2 06\.04\.05\.678`,
		"{sys.utcnow:dddd, MMMM}":        `Friday, January`,
		"{rand-guid}":                    `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`,
		"{rand-guid:N}":                  `[0-9a-f]{32}`,
		"{rand-guid:B}":                  `\{[0-9a-f-]{36}\}`,
		"{rand-guid:P}":                  `\([0-9a-f-]{36}\)`,
	} {
		tmpl, err := Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got, err := tmpl.Expand(v)
		if err != nil || !regexp.MustCompile("^"+want+"$").MatchString(got) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"{nobody}": "{nobody} is not defined", "{rand-guid:X}": "must be N, D, B or P",
	} {
		tmpl, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tmpl.Expand(v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a{b": "position 2", "a}b": "position 2", "{}": "needs a name", "{a{b}": "needs a name",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	tmpl, err := Parse("{a}-{b.c:x}")
	if err != nil || tmpl.Constant() || strings.Join(tmpl.Names(), " ") != "a b.c" {
		t.Errorf("%+v, %v", tmpl, err)
	}
}

// FuzzExpression: nothing makes the parser fail, and a text without braces
// and percent signs stays what it is.
func FuzzExpression(f *testing.F) {
	f.Add("a-{id}-{datetime:yyyy}-{{x}}", "v")
	f.Add("%Hub%{rand-guid:N}", "")
	f.Fuzz(func(t *testing.T, text, value string) {
		s, err := Settings(text, func(string) (string, bool, error) { return value, true, nil })
		if err != nil {
			t.Fatalf("every setting is set, and yet: %v", err)
		}
		tmpl, err := Parse(s)
		if err != nil {
			return
		}
		out, err := tmpl.Expand(Values{Lookup: func(string) (string, bool) { return value, true }})
		if err != nil {
			t.Fatalf("every name is defined, and yet: %v", err)
		}
		if !strings.ContainsAny(text, "{}%") && out != text {
			t.Errorf("%q became %q", text, out)
		}
	})
}
