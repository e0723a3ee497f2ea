package dashboard

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestMistakesHaveAPlace: each text has one mistake at ^, which is named there.
func TestMistakesHaveAPlace(t *testing.T) {
	for _, tc := range []struct{ text, at, says string }{
		{`{"name":"b","titel":"B"}`, `            ^`, `"titel" is unknown here; did you mean "title"?`},
		{`{"name":"b" "title":""}`, `           ^`, `a comma or the closing } is missing here`},
		{`{"name":"b",}`, `           ^`, `no comma before the closing }`},
		{`{'name':"b"}`, ` ^`, `JSON has double ones only`},
		{`{"name":"b" // mine`, `            ^`, `a comment, which JSON does not have`},
		{`{"name":b}`, `        ^`, `a text in double quotes`},
		{`{"name":"b`, `        ^`, `no closing double quote`},
		{`{"name":"\q"}`, `        ^`, `write \\ for one backslash`},
		{`{"name":"b","name":"c"}`, `            ^`, `"name" is here twice`},
		{`{"name":"b"}}`, `            ^`, `more after the end`},
		{`{"name":"b"`, `           ^`, `the file ends here`},
		{`{"name":7}`, `        ^`, `a text belongs here, not a number`},
		{`[1]`, `^`, `a dashboard is an object`},
		{`{"name":"가나","tiles":5}`, `                     ^`, `a list [ ] belongs here, not a number`},
		{`{"name":"b","tiles":[{"typ":"number"}]}`, `                      ^`, `did you mean "type"?`},
		{`{"name":"b","tiles":[{"type":"number","title":"t","dataset":"d","window":5}]}`, strings.Repeat(" ", 73) + `^`, `a duration such as "30s"`},
		{`{"name":"b","datasets":{"d":{"push":true}},"tiles":[{"type":"number","title":"t","dataset":"e"}]}`, strings.Repeat(" ", 91) + `^`, `"e" is not under datasets`},
		{`{"name":"b","datasets":{"d":{"push":true}},"tiles":[{"type":"number","title":"t","dataset":"d","limit":1.5}]}`, strings.Repeat(" ", 103) + `^`, `a whole number belongs here`},
		{`{"name":"b","datasets":{"d":{"push":true}},"tiles":[{"type":"gauge","title":"t","dataset":"d"}]}`, strings.Repeat(" ", 52) + `^`, `value: it is missing`},
		{`{"name":"b","datasets":{"d":{"push":true}},"tiles":[{"type":"number","aggregate":"count","dataset":"d","x":11,"y":0}]}`, strings.Repeat(" ", 107) + `^`, `with a width of 2 it is not 0 to 10`},
	} {
		_, problems := Parse("dashboards/b.json", []byte("\n"+tc.text))
		if len(problems) == 0 {
			t.Errorf("%s: no mistake", tc.text)
			continue
		}
		p := problems[0]
		for _, o := range problems {
			if strings.Contains(o.String(), tc.says) {
				p = o
			}
		}
		caret := strings.Repeat(" ", p.Caret-1) + "^"
		if p.Line != 2 || caret != tc.at || p.Source != tc.text || !strings.Contains(p.String(), tc.says) {
			t.Errorf("%s\n%s\n%v, want\n%s %s", p.Source, caret, p, tc.at, tc.says)
		}
	}
}

// TestALongLineIsCut around its mistake.
func TestALongLineIsCut(t *testing.T) {
	text := `{"name":"b","title":"` + strings.Repeat("가", 400) + `","tiles":7,"subtitle":"` + strings.Repeat("x", 400) + `"}`
	_, problems := Parse("b.json", []byte(text))
	p := problems[0]
	if got := []rune(p.Source)[p.Caret-1]; got != '7' || len([]rune(p.Source)) != sourceWidth || p.Col != 432 {
		t.Errorf("%q at %d of %q, column %d", got, p.Caret, p.Source, p.Col)
	}
}

// TestABrokenTileLeavesTheOthers: and so does a broken dataset.
func TestABrokenTileLeavesTheOthers(t *testing.T) {
	s := New(Options{})
	s.Load([]File{{Name: "b.json", Text: []byte(`{"name":"b","datasets":{"d":{"push":true},"e":{"push":true,"clock":"sun"}},"tiles":[
		{"type":"number","title":"one","dataset":"d","aggregate":"count"},
		{"type":"number","title":"two","dataset":"d","aggregate":"median","w":5},
		{"type":"pie","title":"three","dataset":"d"},
		{"type":"number","title":"four","dataset":"e","aggregate":"count"}]}`)}})
	b := s.Boards()[0]
	broken := map[int]string{}
	for _, p := range b.Problems {
		broken[p.Tile] += p.Path + " "
	}
	if len(broken) != 4 || broken[1] != "tiles[1].aggregate " || broken[2] != "tiles[2].type " || broken[3] != "tiles[3].dataset " || broken[-1] != "datasets.e.clock " {
		t.Errorf("%v", broken)
	}
	v := b.Evaluate(time.Now(), Range{})
	if v.Tiles[0] == nil || v.Tiles[1] != nil || v.Tiles[2] != nil || v.Tiles[3] != nil || b.Definition.Tiles[1].W != 5 || b.Definition.Tiles[2].W != 4 {
		t.Errorf("%v, %+v", v.Tiles, b.Definition.Tiles)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"name":"b","tiles":[{"type":"number"}]}`, `{"a`, `[[[`, `{"datasets":{"d":null}}`, "{\"name\":\"\xff\"}", `{"tiles":[{"w":1e400}]}`, "\r", "\xff\xff\r{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, problems := Parse("b.json", []byte(s)) // must come back, whatever the text is
		for _, p := range problems {
			if p.Line < 1 || p.Col < 1 || p.Caret < 1 || p.Caret > len([]rune(p.Source))+1 {
				t.Errorf("%q: %+v", s, p)
			}
		}
		if d.Name != "" && len(problems) == 0 {
			New(Options{}).Load([]File{{Name: "b.json", Text: []byte(s)}})
		}
	})
}

// TestADashboardHasSoManyDatasets: each keeps rows, so a file of 1 MiB may not
// have as many as it has room for.
func TestADashboardHasSoManyDatasets(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"name":"b","tiles":[],"datasets":{`)
	for i := range 5000 {
		fmt.Fprintf(&text, `"d%d":{"push":true},`, i)
	}
	text.WriteString(`"z":{"push":true}}}`)
	s := New(Options{})
	s.Load([]File{{Name: "b.json", Text: []byte(text.String())}})
	if n, b := len(s.Datasets()), s.Boards()[0]; n != 100 || len(b.Problems) != 1 || !strings.Contains(b.Problems[0].Message, "at most 100") {
		t.Errorf("%d datasets, problems %v", n, b.Problems)
	}
}
