package streamsql

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// addScripts seeds a fuzz target with the scripts of the golden files.
func addScripts(f *testing.F) {
	files, err := filepath.Glob("testdata/*.test")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, chunk := range strings.Split(string(data), "\n\n") {
			head, body, _ := strings.Cut(chunk, "\n")
			text, _, _ := strings.Cut(body, "----\n")
			if head == "plan" || head == "error" {
				f.Add(text)
			}
		}
	}
}

// FuzzLex demands that tokens cover the text in order and that errors lie in it.
func FuzzLex(f *testing.F) {
	addScripts(f)
	f.Fuzz(func(t *testing.T, text string) {
		toks, err := lex(text)
		if err != nil {
			checkPlace(t, text, err)
			return
		}
		end := 0
		for _, tok := range toks {
			if tok.start < end || tok.end < tok.start || tok.end > len(text) {
				t.Fatalf("token %q at %d-%d after %d", tok.text, tok.start, tok.end, end)
			}
			end = tok.end
		}
	})
}

// FuzzParse demands that any text compiles or is refused with a place, and that
// a plan explains itself.
func FuzzParse(f *testing.F) {
	addScripts(f)
	f.Fuzz(func(t *testing.T, text string) {
		prog, err := Compile(text, goldenOptions)
		var syntax *SyntaxError
		switch {
		case err == nil:
			if prog.Explain() == "" {
				t.Fatal("no plan")
			}
		case errors.As(err, &syntax):
			checkPlace(t, text, syntax)
		default:
			t.Fatalf("not a SyntaxError: %v", err)
		}
	})
}

func checkPlace(t *testing.T, text string, err *SyntaxError) {
	t.Helper()
	if err.Start < 0 || err.End < err.Start || err.End > len(text) || err.Line < 1 || err.Col < 1 || err.Msg == "" {
		t.Fatalf("bad place: %+v", err)
	}
}

// FuzzDecodeJSON demands that the decoder accepts what encoding/json accepts,
// reads the same values, and that the encoder writes JSON.
func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{
		benchEvent, `{}`, ` { "a" : 1 } `, `{"a":{"b":[1,2,{"c":null}]},"A":-0.5e-3,"é":"\u00e9\ud83d\ude00"}`,
		`{"a":"x\ny","s":"\\","b":true,"d":9223372036854775807}`, `{"a":1}}`, `{"a":01}`, `{"a":"` + "\x01" + `"}`,
		`[1]`, `{"a":1,}`, `{"a" 1}`, `{"a":tru}`, `{"a":1e999}`, `{"b":[[[[]]]]}`, `{"s":"\ud800"}`,
	} {
		f.Add([]byte(s))
	}
	prog, err := Compile("SELECT *, a.b AS ab, s AS s2, b INTO o FROM i", Options{})
	if err != nil {
		f.Fatal(err)
	}
	project := prog.Steps[0].Root.(*Sink).Input.(*Project)
	dec, enc := prog.Inputs[0].NewDecoder(), NewEncoder(project.Schema(), false)
	f.Fuzz(func(t *testing.T, event []byte) {
		row := &Row{Scratch: &Scratch{}}
		err := dec.Decode(event, row)
		valid := utf8.Valid(event) && json.Valid(event) && strings.HasPrefix(strings.TrimLeft(string(event), " \t\r\n"), "{")
		if err == nil && !valid {
			t.Fatalf("accepted: %q", event)
		}
		if err != nil {
			if valid && !strings.ContainsAny(string(event), "eE0123456789[{") { // numbers out of range, deep nesting
				t.Fatalf("refused %q: %v", event, err)
			}
			return
		}
		out := &Row{Scratch: row.Scratch, Slots: make([]Value, project.Schema().Width)}
		for i, e := range project.Exprs {
			out.Slots[i] = e.Eval(row)
		}
		if text := enc.AppendRow(nil, out); !json.Valid(text) || strings.ContainsAny(string(text), "\n\r") {
			t.Fatalf("%q became %q", event, text)
		}
	})
}

// FuzzDateTime demands that what is written reads back, and that the fast way to
// read the common form agrees with the one that knows all forms.
func FuzzDateTime(f *testing.F) {
	for _, s := range []string{"2022-05-04T20:30:15.1234567Z", "2022-05-04T20:30:15Z", "2022-05-04T20:30:15.12Z", "2021-02-29T20:30:15Z", "2022-05-04T24:30:15.Z", "0001-01-01", "9999-12-31T23:59:59.9999999Z", "2020-02-29 12:00+09:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ticks, ok := ParseDateTime(s)
		p := dateParser{s: s}
		if slow, known := p.dateTime(); slow != ticks || known != ok {
			t.Fatalf("%q is %d %v, and %d %v in the slow way", s, ticks, ok, slow, known)
		}
		if !ok {
			return
		}
		text := string(AppendDateTime(nil, ticks))
		again, ok := ParseDateTime(text)
		if !ok || again != ticks || TicksOf(TimeOf(ticks)) != ticks {
			t.Fatalf("%q is %d, written %q, read %d", s, ticks, text, again)
		}
	})
}

// FuzzLike demands that a pattern without wildcards is equality, and that the
// matcher ends.
func FuzzLike(f *testing.F) {
	f.Add("abc", "a%c")
	f.Add("aaaaaaaaaaaaaaaa", "%a%a%a%a%b")
	f.Add("x", "[^a-")
	f.Fuzz(func(t *testing.T, s, pattern string) {
		if !utf8.ValidString(s) || !utf8.ValidString(pattern) {
			return
		}
		got := compileLike(pattern, 0).matches(s)
		if !strings.ContainsAny(pattern, "%_[") && got != (s == pattern) {
			t.Fatalf("%q LIKE %q is %v", s, pattern, got)
		}
	})
}

// FuzzGeometry demands that any text is a shape or none, that a shape lies within
// itself if it has an inside, and that distances are numbers.
func FuzzGeometry(f *testing.F) {
	f.Add("POINT (1 2)", `{"type":"Point","coordinates":[1,2]}`)
	f.Add("POLYGON ((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))", `{"type":"LineString","coordinates":[[0,0],[1e3,-1e-3]]}`)
	f.Add("LINESTRING(180 90,-180 -90)", `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`)
	f.Fuzz(func(t *testing.T, wkt, text string) {
		g, okG := geometryOf(StringValue(wkt))
		if len(text) > 2000 || len(wkt) > 2000 || !json.Valid([]byte(text)) || !strings.HasPrefix(text, "{") {
			return
		}
		h, okH := geometryOf(RecordValue(text))
		if !okG || !okH {
			return
		}
		if metres, ok := g.distance(&h); ok && !(metres >= 0 && metres < 3e8) {
			t.Fatalf("%s to %s is %v", wkt, text, metres)
		}
		if g.intersects(&h) != h.intersects(&g) {
			t.Fatalf("%s and %s intersect one way only", wkt, text)
		}
		overlaps(&g, &h)
	})
}
