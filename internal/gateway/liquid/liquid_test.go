package liquid

import (
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

var update = flag.Bool("update", false, "write what is into the goldens")

// TestGolden renders the templates of testdata over body.json. A case is NAME.in and
// NAME.out; an error is its text.
func TestGolden(t *testing.T) {
	const file = "testdata/templates.txtar"
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	body, err := expression.ParseJSON(a.Files[0].Data)
	if err != nil || a.Files[0].Name != "body.json" {
		t.Fatal(a.Files[0].Name, err)
	}
	var in string
	for i, f := range a.Files[1:] {
		name, kind, _ := strings.Cut(f.Name, ".")
		if kind == "in" {
			in = strings.TrimSuffix(string(f.Data), "\n")
			continue
		}
		got := rendered(in, body) + "\n"
		if got != string(f.Data) && !*update {
			t.Errorf("%s: got\n%swant\n%s", name, got, f.Data)
		}
		a.Files[i+1].Data = []byte(got)
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func rendered(text string, body any) string {
	tpl, err := Parse(text, expression.Pos{Line: 1, Column: 1})
	if err != nil {
		return "error: " + err.Error()
	}
	out, err := tpl.Render(context.Background(), map[string]any{"body": body})
	if err != nil {
		return "error: " + err.Error()
	}
	return out
}

// TestLimits: templates that would go on for ever, or write without end, end.
func TestLimits(t *testing.T) {
	body, err := expression.ParseJSON([]byte(`{"n":1000000000,"s":"` + strings.Repeat("a", 1<<20) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]error{
		"{% for i in (1..body.n) %}{% endfor %}":                                                                    errSteps,
		"{% for i in (1..body.n) %}{{ body.s }}{% endfor %}":                                                        errBytes,
		"{% for i in (1..9) %}{% capture x %}{{ body.s }}{% endcapture %}{% endfor %}":                              errBytes,
		"{% assign x = body.s %}{% for i in (1..99) %}{% assign x = x | append: x %}{% endfor %}":                   errBytes,
		"{% assign x = body.s | replace: 'a', body.s %}":                                                            errBytes,
		"{% assign x = body.s | replace: 'a', 'a,' | split: ',' %}":                                                 nil, // too many parts
		"{% for i in (1..999) %}{% for j in (1..999) %}{% for k in (1..999) %}{% endfor %}{% endfor %}{% endfor %}": errSteps,
		"{% for i in (1..100000) %}{% assign x = body.s | upcase | downcase %}{% endfor %}":                         nil, // bytes or time, whichever ends first
		strings.Repeat("{% if true %}", 100) + strings.Repeat("{% endif %}", 100):                                   nil,
		"{{ a" + strings.Repeat("[a", 100) + strings.Repeat("]", 100) + " }}":                                       nil,
		"{% if " + strings.Repeat("a and ", 100) + "a %}{% endif %}":                                                nil,
	} {
		tpl, err := Parse(text, expression.Pos{Line: 1, Column: 1})
		if err == nil {
			_, err = tpl.Render(t.Context(), map[string]any{"body": body})
		}
		// Two seconds may be over first, where the machine is busy.
		if err == nil || want != nil && !errors.Is(err, want) && !strings.Contains(err.Error(), errTime.Error()) && !strings.Contains(err.Error(), want.Error()) {
			t.Errorf("%.80s: %v, want %v", text, err, want)
		}
	}
	tpl, err := Parse("{% for i in (1..9) %}{% endfor %}", expression.Pos{Line: 1, Column: 1})
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tpl.Render(gone, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that is gone: %v", err)
	}
}

// FuzzTemplate finds templates that break the reader or the writer.
func FuzzTemplate(f *testing.F) {
	a, err := txtar.ParseFile("testdata/templates.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, x := range a.Files {
		if strings.HasSuffix(x.Name, ".in") {
			f.Add(string(x.Data))
		}
	}
	body, err := expression.ParseJSON(a.Files[0].Data)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tpl, err := Parse(text, expression.Pos{Line: 1, Column: 1})
		var fault *expression.Error
		if err != nil && (!errors.As(err, &fault) || fault.Pos.Line < 1 || fault.Pos.Column < 1) {
			t.Fatalf("an error without a place: %v", err)
		}
		if err == nil {
			_, _ = tpl.Render(t.Context(), map[string]any{"body": body})
		}
	})
}
