package blob

import (
	"strings"
	"testing"
)

func TestTagExpressions(t *testing.T) {
	tags := map[string]string{"State": "Done", "year": "2024", "a b": "x", "empty": ""}
	for _, c := range []struct {
		text string
		want bool
	}{
		{`State = 'Done'`, true},
		{`"State"='Done'`, true},
		{`"State" = 'done'`, false},
		{`year >= '2024' AND year < '2025'`, true},
		{`year > '2024'`, false},
		{`year <= '2024' and State = 'Done'`, true},
		{`"a b" = 'x'`, true},
		{`empty = ''`, true},
		{`missing = ''`, false},
		{`missing <> 'x'`, true},
		{`State <> 'Done'`, false},
		{`State = 'Open' OR year = '2024'`, true},
		{`State = 'Open' OR year = '2023'`, false},
		{`(State = 'Open' OR year = '2024') AND "a b"='x'`, true},
		{`State = 'Done' OR year = '1' AND year = '2'`, true}, // AND binds first
		{`((State = 'Done'))`, true},
	} {
		e, err := parseIfTags(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := e.Holds(tags); got != c.want {
			t.Errorf("%s: %v", c.text, got)
		}
	}
}

func TestWhereNamesAContainer(t *testing.T) {
	e, err := parseWhere(`@container = 'photos' AND "k" = 'v'`)
	if err != nil || e.container != "photos" {
		t.Fatalf("%q %v", e.container, err)
	}
	if !e.Holds(map[string]string{"k": "v"}) || e.Holds(map[string]string{"k": "w"}) {
		t.Error("the rest of the expression is lost")
	}
}

func TestBadTagExpressions(t *testing.T) {
	deep := strings.Repeat("(", 40) + "a='b'" + strings.Repeat(")", 40)
	long := strings.TrimSuffix(strings.Repeat("a='b' AND ", 100), " AND ")
	for text, search := range map[string]bool{
		"": true, "a": true, "a =": true, "a = b": true, "a = 'b": true, `"a = 'b'`: true, "= 'b'": true, "a == 'b'": true,
		"a = 'b' AND": true, "a = 'b' c = 'd'": true, "a ! 'b'": true, "@other = 'b'": true, "@container > 'b'": true,
		"a <> 'b'": true, "a = 'b' OR c = 'd'": true, "(a = 'b')": true, long: true,
		"@container = 'c'": false, "(a = 'b'": false, "a = 'b')": false, deep: false,
	} {
		e, err := parseTagExpression(text, search)
		if err == nil {
			t.Errorf("%q was taken: %+v", text, e)
		} else if !strings.Contains(err.Error(), "at character ") {
			t.Errorf("%q: %v tells no place", text, err)
		}
	}
}

func FuzzTagExpression(f *testing.F) {
	for _, s := range []string{`a = 'b' AND "c d" >= 'e'`, `@container = 'x'`, `(a<>'b' OR c='d')`, `a='it''s'`, "\x00", `"`, "'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, search := range []bool{true, false} {
			if e, err := parseTagExpression(text, search); err == nil {
				e.Holds(map[string]string{"a": "b"})
			}
		}
	})
}
