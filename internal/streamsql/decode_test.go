package streamsql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

func compileTest(t *testing.T, text string) (*Program, *Project) {
	t.Helper()
	prog, err := Compile(text, goldenOptions)
	if err != nil {
		t.Fatal(err)
	}
	last := prog.Steps[len(prog.Steps)-1].Root.(*Sink)
	return prog, last.Input.(*Project)
}

// project decodes an event and writes the projected row.
func project(t *testing.T, prog *Program, node *Project, event string, omitNull bool) string {
	t.Helper()
	row := &Row{Scratch: &Scratch{}}
	if err := prog.Inputs[0].NewDecoder().Decode([]byte(event), row); err != nil {
		return "error: " + err.Error()
	}
	out := &Row{Slots: make([]Value, node.Schema().Width), Scratch: row.Scratch}
	for i, e := range node.Exprs {
		out.Slots[i] = e.Eval(row)
	}
	if row.Err != nil {
		return "error: " + row.Err.Error()
	}
	return string(NewEncoder(node.Schema(), omitNull).AppendRow(nil, out))
}

func TestDecodeAndEncode(t *testing.T) {
	for _, c := range []struct{ name, query, event, want string }{
		{"names without case", "SELECT PlantID INTO o FROM i", `{"plantid":"a"}`, `{"PlantID":"a"}`},
		{"the last of two", "SELECT a INTO o FROM i", `{"a":1,"A":2}`, `{"a":2}`},
		{"nested and whole", "SELECT a, a.b, a.b.c INTO o FROM i", `{"a":{"b":{"c":1}}}`, `{"a":{"b":{"c":1}},"b":{"c":1},"c":1}`},
		{"path into a scalar", "SELECT a.b INTO o FROM i", `{"a":5}`, `{"b":null}`},
		{"escapes", "SELECT [k\"ey] INTO o FROM i", `{"k\"ey":"a\tb\u00e9\ud83d\ude00\/"}`, `{"k\"ey":"a\tbé😀/"}`},
		{"lone surrogate", "SELECT a INTO o FROM i", `{"a":"\ud800x"}`, "{\"a\":\"\uFFFDx\"}"},
		{"white space", "SELECT a, b INTO o FROM i", " {\n \"a\" : [ 1 ,\n 2 ] , \"b\" :\t2 } ", `{"a":[ 1 , 2 ],"b":2}`},
		{"star", "SELECT * INTO o FROM i", "{\"b\":1,\n\"a\":null}", `{"b":1,"a":null}`},
		{"star and a column of the same name", "SELECT *, a + 1 AS B INTO o FROM i", `{"a":1,"b":9,"c":3}`, `{"a":1,"b":9,"c":3}`},
		{"empty star", "SELECT *, a INTO o FROM i", `{}`, `{"a":null}`},
		{"numbers", "SELECT a, b, c, d INTO o FROM i", `{"a":-0,"b":1e2,"c":0.30000000000000004,"d":12345678901234567.5}`, `{"a":0,"b":100.0,"c":0.30000000000000004,"d":1.2345678901234568e+16}`},
		{"declared types", "CREATE TABLE i (a float, b nvarchar(max), c datetime) SELECT * INTO o FROM i", `{"a":1,"b":2,"c":"2020-01-01","d":5}`, `{"a":1.0,"b":"2","c":"2020-01-01T00:00:00.0000000Z"}`},
		{"declared type does not fit", "CREATE TABLE i (a float) SELECT * INTO o FROM i", `{"a":"x"}`, `error: the column 'a' is declared as float but the event has the string 'x'`},
		{"declared and not there", "CREATE TABLE i (a float, b bigint) SELECT a INTO o FROM i", `{"a":1}`, `error: the column 'b', declared by CREATE TABLE, is not in the event`},
		{"declared and null", "CREATE TABLE i (a float, b bigint) SELECT a, b INTO o FROM i", `{"a":null,"B":null}`, `{"a":null,"b":null}`},
		{"a fraction for a bigint", "CREATE TABLE i (a bigint) SELECT a INTO o FROM i", `{"a":1.5}`, `error: the column 'a' is declared as bigint but the event has the float 1.5`},
		{"no loss", "CREATE TABLE i (a bigint, b nvarchar(max), c bit, d float) SELECT a, b, c, d INTO o FROM i", `{"a":2.0,"b":5,"c":1,"d":9007199254740993}`, `{"a":2,"b":"5","c":true,"d":9.007199254740992e+15}`},
		{"two for a bit", "CREATE TABLE i (a bit) SELECT a INTO o FROM i", `{"a":2}`, `error: the column 'a' is declared as bit but the event has the bigint 2`},
		{"the name of the source", "SELECT i AS r INTO o FROM i", `{"a":1}`, `{"r":{"a":1}}`},
		{"a property of the name of the source", "SELECT i INTO o FROM i", `{"i":5}`, `{"i":5}`},
		{"an alias as a record", "SELECT CASE WHEN r.a = 1 THEN r END AS w, GetRecordPropertyValue(r, 'a') AS a INTO o FROM i r", `{"a":1}`, `{"w":{"a":1},"a":1}`},
		{"out of range", "SELECT a INTO o FROM i", `{"a":9223372036854775808}`, `error: the event is not valid JSON near offset 5`},
		{"cut", "SELECT a INTO o FROM i", `{"a":1`, `error: the event is not valid JSON near offset 6`},
		{"cut in what is not read", "SELECT a INTO o FROM i", `{"b":"x`, `error: the event is not valid JSON near offset 5`},
		{"two objects", "SELECT a INTO o FROM i", `{"a":1}{"a":2}`, `error: there is more than one JSON object: at offset 7`},
		{"an array", "SELECT a INTO o FROM i", `[1]`, `error: the event is not a JSON object: at offset 0 '{' is expected`},
		{"not UTF-8", "SELECT a INTO o FROM i", "{\"a\":\"\xff\"}", `error: the event is not UTF-8`},
	} {
		t.Run(c.name, func(t *testing.T) {
			prog, node := compileTest(t, c.query)
			if got := project(t, prog, node, c.event, false); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDecodeErrorsHaveAKind(t *testing.T) {
	prog, _ := compileTest(t, "SELECT a INTO o FROM i")
	err := prog.Inputs[0].NewDecoder().Decode([]byte(`{"a":`), &Row{})
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("kind %v of %v", fault.KindOf(err), err)
	}
	if _, err := Compile("SELECT", Options{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("kind %v of %v", fault.KindOf(err), err)
	}
}

func TestOmitNull(t *testing.T) {
	prog, node := compileTest(t, "SELECT *, b AS x, a AS y INTO o FROM i")
	if got := project(t, prog, node, `{"a":1,"n":null}`, true); got != `{"a":1,"y":1}` {
		t.Error(got)
	}
}

// TestDecoderForgetsOrder feeds events whose keys change places, so that what
// the decoder remembers of the last event is wrong for the next.
func TestDecoderForgetsOrder(t *testing.T) {
	prog, _ := compileTest(t, "SELECT a, b, c.d INTO o FROM i")
	dec := prog.Inputs[0].NewDecoder()
	row := &Row{Scratch: &Scratch{}}
	for n := range 3 * maxLearned {
		var pairs []string
		for k := range 4 {
			switch (n + k) % 4 {
			case 0:
				pairs = append(pairs, fmt.Sprintf(`"a":%d`, n))
			case 1:
				pairs = append(pairs, fmt.Sprintf(`"B":"%d"`, n))
			case 2:
				pairs = append(pairs, fmt.Sprintf(`"c":{"x%d":0,"d":%d}`, n, n))
			case 3:
				pairs = append(pairs, fmt.Sprintf(`"other%d":"\n"`, n))
			}
		}
		if err := dec.Decode([]byte("{"+strings.Join(pairs, ",")+"}"), row); err != nil {
			t.Fatal(err)
		}
		if row.Slots[0].Int() != int64(n) || row.Slots[1].Text() != fmt.Sprint(n) || row.Slots[2].Int() != int64(n) {
			t.Fatalf("event %d: %v", n, row.Slots)
		}
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	prog, _ := compileTest(t, "SELECT plantId, generationKw, ts INTO o FROM i")
	dec, row, event := prog.Inputs[0].NewDecoder(), &Row{Scratch: &Scratch{}}, []byte(benchEvent)
	if n := testing.AllocsPerRun(100, func() {
		if err := dec.Decode(event, row); err != nil {
			t.Error(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations per event", n)
	}
}

func TestDeepNesting(t *testing.T) {
	prog, _ := compileTest(t, "SELECT a INTO o FROM i")
	event := `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}"
	if err := prog.Inputs[0].NewDecoder().Decode([]byte(event), &Row{}); err == nil {
		t.Error("5000 levels are accepted")
	}
	query := "SELECT " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000) + " FROM i"
	if _, err := Compile(query, Options{}); err == nil {
		t.Error("5000 parentheses are accepted")
	}
	query = "SELECT 1" + strings.Repeat(" + 1", 5000) + " FROM i"
	if _, err := Compile(query, Options{}); err == nil {
		t.Error("a chain of 5000 operators is accepted")
	}
}
