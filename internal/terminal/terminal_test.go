package terminal

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "",
		"plain, 한글, tab\tand emoji 👍":  "plain, 한글, tab\tand emoji 👍",
		"x\x1b[2J\x1b]0;owned\x07y":    `x\x1b[2J\x1b]0;owned\x07y`,
		"a\r\nb\vc":                    `a\r\nb\x0bc`,
		"\x7f\u009b31m":                `\x7f\u009b31m`,
		"\x9b31m\xff":                  `\x9b31m\xff`,
		"abc\u202egnp.exe\u2066\u200f": `abc\u202egnp.exe\u2066\u200f`,
		"one\u2028two\u2029":           `one\u2028two\u2029`,
		"\ufffd stays":                 "\ufffd stays",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLines(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		"one\n  2 | two\n":              "one\n  2 | two\n",
		"\x1b[8mhidden\x1b[0m\r\nb\x07": `\x1b[8mhidden\x1b[0m\r` + "\n" + `b\x07`,
	} {
		if got := Lines(in); got != want {
			t.Errorf("Lines(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWriterLetsColoursAndLinesPass(t *testing.T) {
	for in, want := range map[string]string{
		"\x1b[1mbold\x1b[0m\n\ttwo\n":              "\x1b[1mbold\x1b[0m\n\ttwo\n",
		"\x1b[38;2;1;2;3m한글\x1b[m\n":               "\x1b[38;2;1;2;3m한글\x1b[m\n",
		"\x1b[2Jgone\n":                            `\x1b[2Jgone` + "\n",
		"\x1b]0;title\x07\n":                       `\x1b]0;title\x07` + "\n",
		"line\rforged\n":                           `line\rforged` + "\n",
		"\x1b[1A\x1bc\n":                           `\x1b[1A\x1bc` + "\n",
		"\u202eabc\x9b1J\n":                        `\u202eabc\x9b1J` + "\n",
		"\x1b[" + strings.Repeat("1;", 40) + "m\n": `\x1b[` + strings.Repeat("1;", 40) + "m\n",
	} {
		var whole, bytewise bytes.Buffer
		w := NewWriter(&whole)
		if n, err := w.Write([]byte(in)); n != len(in) || err != nil {
			t.Fatal(n, err)
		}
		w = NewWriter(&bytewise)
		for i := range len(in) {
			if _, err := w.Write([]byte(in[i : i+1])); err != nil {
				t.Fatal(err)
			}
		}
		if whole.String() != want || bytewise.String() != want {
			t.Errorf("%q came out as %q, bytewise %q, want %q", in, whole.String(), bytewise.String(), want)
		}
	}
}

func TestWriterReportsErrors(t *testing.T) {
	broken := errors.New("broken pipe")
	for _, text := range []string{"plain\n", "\x1b[2J\n"} {
		if _, err := NewWriter(errWriter{broken}).Write([]byte(text)); !errors.Is(err, broken) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

type errWriter struct{ err error }

func (w errWriter) Write([]byte) (int, error) { return 0, w.err }

// One record is one line, whatever message, attributes, errors and groups say.
func TestHandlerForgesNoLine(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(NewHandler(slog.NewTextHandler(&out, nil))).With("app", "a\nb").WithGroup("g")
	log.Log(context.Background(), slog.LevelInfo, "got x\x1b[2J\n12:00:00 ERR forged",
		"id", "a\rb", "error", iotest.ErrTimeout, "cause", errors.New("e\x07\n"), slog.Group("more", "t", "\u202e"), "n", 3)
	got := out.String()
	if strings.Count(got, "\n") != 1 || strings.ContainsAny(got, "\x1b\x07\r\u202e") {
		t.Errorf("not one harmless line: %q", got)
	}
	if !strings.Contains(got, "g.n=3") || !strings.Contains(got, "timeout") {
		t.Errorf("values are lost: %q", got)
	}
}

func FuzzWriter(f *testing.F) {
	f.Add([]byte("\x1b[31mred\x1b[0m\r\x1b]0;x\x07\u202e\xff"), 3)
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		var once, twice bytes.Buffer
		text = append(text, '\n')
		if _, err := NewWriter(&once).Write(text); err != nil {
			t.Fatal(err)
		}
		cut = min(max(cut, 0), len(text))
		w := NewWriter(&twice)
		for _, part := range [][]byte{text[:cut], text[cut:]} {
			if _, err := w.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatalf("cut at %d: %q, whole: %q", cut, twice.Bytes(), once.Bytes())
		}
		if !utf8.Valid(once.Bytes()) || bytes.ContainsAny(once.Bytes(), "\r\x07\u202e\u009b") {
			t.Fatalf("%q passed as %q", text, once.Bytes())
		}
	})
}

func BenchmarkClean(b *testing.B) {
	line := strings.Repeat("a plain line of a log ", 10)
	b.ReportAllocs()
	for b.Loop() {
		Clean(line)
	}
}

// TestErrorOfSeveralLines: what a compiler says can be read on its one line.
func TestErrorOfSeveralLines(t *testing.T) {
	var out strings.Builder
	slog.New(NewHandler(slog.NewTextHandler(&out, nil))).Error("no", "error", errors.New("go build failed\n# plant\n./a.go:1:2: oops\n"), "text", "a\nb")
	if want := `error="go build failed | # plant | ./a.go:1:2: oops" text=a\nb` + "\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("%s, want %s", out.String(), want)
	}
}
