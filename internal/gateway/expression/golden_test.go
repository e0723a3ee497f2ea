package expression

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write what is into the goldens")

// The goldens are expressions and what they give: a line "= TYPE TEXT", or "! ERROR".
// A case is the lines before that; # begins a remark.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out, source strings.Builder
			begin := 0
			for n, line := range strings.SplitAfter(string(text), "\n") {
				bare := strings.TrimSuffix(line, "\n")
				switch {
				case strings.HasPrefix(bare, "#") || bare == "":
					out.WriteString(line)
				case strings.HasPrefix(bare, "= ") || strings.HasPrefix(bare, "! ") || bare == "=":
					got := result(strings.TrimSuffix(source.String(), "\n"))
					if got != bare && !*update {
						t.Errorf("%s:%d: %s\n got %s\nwant %s", file, begin, source.String(), got, bare)
					}
					out.WriteString(source.String() + got + "\n")
					source.Reset()
				default:
					if source.Len() == 0 {
						begin = n + 1
					}
					source.WriteString(line)
				}
			}
			if source.Len() > 0 {
				t.Errorf("%s: the last case has no result", file)
			}
			if *update {
				if err := os.WriteFile(file, []byte(out.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func result(source string) string {
	if !strings.HasPrefix(source, "{") {
		source = "(" + source + ")"
	}
	p, err := Compile(source, Pos{1, 1}, "vars")
	if err != nil {
		return "! compile: " + oneLine(err.Error())
	}
	vars := NewDict()
	vars.Set("s", "text")
	vars.Set("n", int32(7))
	vars.Set("none", nil)
	vars.Set("json", must(ParseJSON([]byte(`{"a":{"b":[1,2.5,"x",null,true]},"when":"2026-01-02T03:04:05Z","names":[{"n":"x","v":1},{"n":"y","v":2}]}`))))
	v, err := p.Eval(tctx, Limits{Time: 10 * time.Second}, Variable{"vars", vars})
	if err != nil {
		return "! " + oneLine(err.Error())
	}
	return "= " + strings.TrimSpace(typeNameOf(v)+" "+oneLine(shown(v)))
}

func shown(v any) string {
	items, ok := itemsOf(v)
	if _, isText := v.(string); !ok || isText {
		return textOf(v)
	}
	if t, ok := v.(*Token); ok {
		return t.JSON(false)
	}
	var parts []string
	for _, x := range items {
		parts = append(parts, textOf(x))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func oneLine(s string) string { return strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(s) }

func must(t *Token, err error) *Token {
	if err != nil {
		panic(err)
	}
	return t
}
