package expression

import (
	"context"
	"strings"
	"testing"
	"time"
)

var tctx = context.Background()

// TestLimits holds what would not end, or grow without end, against its limits.
func TestLimits(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"steps":         {`{ while (true) { } }`, "steps"},
		"caught":        {`{ while (true) { try { while (true) { } } catch { } } }`, "steps"},
		"growth":        {`{ var s = "x"; while (true) { s = s + s; } }`, "bytes"},
		"builder":       {`{ var s = new StringBuilder("xxxxxxxx"); while (true) { s.Append(s.ToString()); } }`, "bytes"},
		"list":          {`{ var l = new List<object>(); while (true) { l.AddRange(new object[1000]); } }`, "bytes"},
		"padding":       {`("x".PadLeft(2000000000))`, "bytes"},
		"array":         {`(new int[2000000000])`, "bytes"},
		"replace":       {`("xxxxxxxxxxxxxxxxxxxx".PadLeft(100000, 'x').Replace("x", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"))`, "bytes"},
		"recursion":     {`{ Object f = null; f = vars; var g = new List<object>(); g.Add((x) => ((g[0])(x))); return (g[0])(1); }`, "deeply"},
		"own list":      {`{ var l = new List<object>(); l.Add(l); l.Add(l); return JToken.FromObject(l); }`, "FromObject"},
		"backtracking":  {`(Regex.IsMatch("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "^(a+)+$"))`, "timeout"},
		"deep brackets": {"(" + strings.Repeat("(", 500) + "1" + strings.Repeat(")", 500) + ")", "deeply"},
		"deep unary":    {"(" + strings.Repeat("!", 5000) + "true)", "deeply"},
		"deep strings":  {"(" + strings.Repeat(`$"{`, 50) + "1" + strings.Repeat(`}"`, 50) + ")", "deeply"},
		"deep types":    {"((" + strings.Repeat("List<", 500) + "int" + strings.Repeat(">", 500) + ")null)", "deeply"},
		"ranges":        {`(Enumerable.Range(0, 2000000000))`, "bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Compile(c.source, Pos{1, 1}, "vars")
			if err == nil {
				begin := time.Now()
				_, err = p.Eval(tctx, Limits{}, Variable{"vars", nil})
				if took := time.Since(begin); took > 30*time.Second {
					t.Errorf("it took %v", took)
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	p, err := Compile(`{ while (true) { } }`, Pos{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(tctx)
	cancel()
	if _, err := p.Eval(ctx, Limits{Steps: 1 << 40, Time: time.Hour}); err == nil || !strings.Contains(err.Error(), "was ended") {
		t.Errorf("the error is %v", err)
	}
}

func TestTimeLimit(t *testing.T) {
	p, err := Compile(`{ while (true) { } }`, Pos{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Eval(tctx, Limits{Steps: 1 << 40, Time: time.Millisecond}); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("the error is %v", err)
	}
}

func TestEnd(t *testing.T) {
	for source, want := range map[string]int{
		`(a)rest`:                          3,
		`(")")x`:                           5,
		`(')')x`:                           5,
		`(@")""" + ")")x`:                  14,
		`($"{"}"}" + $"}}")x`:              18,
		`{ // }` + "\n" + `/* } */ }x`:     16,
		`(a[b(c)])`:                        9,
		`(vars.ContainsKey("a\")"))</when`: 26,
	} {
		if got, err := End(source, 0, Pos{1, 1}); err != nil || got != want {
			t.Errorf("%s ends at %d (%v), want %d", source, got, err, want)
		}
	}
	for _, source := range []string{`(`, `(]`, `("`, `(/*`, "(\"a\nb\")", `($"{")`} {
		if _, err := End(source, 0, Pos{1, 1}); err == nil {
			t.Errorf("%s has an end", source)
		}
	}
}

// FuzzCompile finds texts that break the parser or the interpreter.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{`(1 + 2)`, `{ var x = new JObject(new JProperty("a", 1)); return x["a"]; }`, `($"{1,5:N2}")`, `("a,b".Split(',').Where(x => x != "a").First())`, `((string)null ?? "x")`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if end, err := End(source, 0, Pos{1, 1}); err == nil && (end <= 0 || end > len(source)) {
			t.Fatalf("the end is %d of %d", end, len(source))
		}
		p, err := Compile(source, Pos{1, 1}, "vars")
		if err != nil {
			return
		}
		v, err := p.Eval(tctx, Limits{Steps: 5000, Time: time.Second, Bytes: 1 << 16}, Variable{"vars", NewDict()})
		if err == nil && len(textOf(v)) > 64<<20 {
			t.Fatal("the value is too large")
		}
	})
}

// BenchmarkEval is a condition as policies have them.
func BenchmarkEval(b *testing.B) {
	p, err := Compile(`((string)vars["s"] == "text" && vars.ContainsKey("n"))`, Pos{1, 1}, "vars")
	if err != nil {
		b.Fatal(err)
	}
	vars := NewDict()
	vars.Set("s", "text")
	vars.Set("n", int32(1))
	b.ReportAllocs()
	for b.Loop() {
		if v, err := p.Eval(tctx, Limits{}, Variable{"vars", vars}); err != nil || v != true {
			b.Fatal(v, err)
		}
	}
}
