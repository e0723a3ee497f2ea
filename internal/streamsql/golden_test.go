package streamsql

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

var update = flag.Bool("update", false, "write the results into the golden files")

// TestGolden runs the blocks of testdata/*.test:
//
//	eval [event]    expressions, one a line; each is evaluated on the event
//	plan            a script and its plan
//	error           a script that is refused: the message, and the place marked
//
// Scripts see the inputs i, j (streams), hub (an event hub) and ref (reference
// data), and the functions of goldenFunctions.
func TestGolden(t *testing.T) {
	testkit.Golden(t, *update, 1100, func() testkit.GoldenFunc { return answerGolden })
}

func answerGolden(t *testing.T, b testkit.GoldenBlock) (got string, cases int, ok bool) {
	switch b.Verb {
	case "eval":
		got, cases = evalGolden(t, b.Text, b.Args)
		return got, cases, true
	case "plan", "error":
		return compileGolden(b.Text, b.Verb), 1, true
	}
	return "", 0, false
}

var goldenOptions = Options{
	Inputs: []InputOptions{{Name: "i"}, {Name: "j"}, {Name: "hub", EventHub: true}, {Name: "ref", Reference: true}},
	Strict: true,
	Functions: []Function{
		{Name: "double", Source: "function main(x) { return x * 2 }"},
		{Name: "shape", Source: "function main(x) { return {kind: typeof x, list: [1, x]} }"},
		{Name: "pair", Source: "function main(a, b) { return '(' + a + ' ' + b + ')' }"},
		{Name: "echo", Source: "function main(x) { return x }"},
		{Name: "broken", Source: "function main(x) { throw new Error('no ' + x) }"},
		{Name: "total", Aggregate: true, Source: "function main() { this.init = function() { this.s = 0 };" +
			"this.accumulate = function(v, t) { this.s += v }; this.computeResult = function() { return this.s } }"},
	},
}

// evalGolden evaluates each line on the event and prints its value.
func evalGolden(t *testing.T, text, event string) (string, int) {
	t.Helper()
	if event == "" {
		event = "{}"
	}
	var out strings.Builder
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		fmt.Fprintf(&out, "%s => %s\n", line, evalOne(t, line, event))
	}
	return out.String(), len(lines)
}

func evalOne(t *testing.T, expr, event string) string {
	t.Helper()
	prog, err := Compile("SELECT ("+expr+") AS v INTO o FROM i", goldenOptions)
	if err != nil {
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			return "refused: " + syntax.Msg
		}
		return "refused: " + err.Error()
	}
	row := &Row{Scratch: &Scratch{}, Time: 637872858000000000}
	if err := prog.Inputs[0].NewDecoder().Decode([]byte(event), row); err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	v := prog.Steps[0].Root.(*Sink).Input.(*Project).Exprs[0].Eval(row)
	if row.Err != nil {
		if v.Kind() != Null {
			t.Errorf("%s has an error and a value", expr)
		}
		var data *DataError
		if !errors.As(row.Err, &data) {
			t.Fatalf("%s: %v is no data error", expr, row.Err)
		}
		return "error: " + data.Msg
	}
	return string(v.AppendJSON(nil))
}

// compileGolden prints the plan, or the error with the line and a mark under it.
func compileGolden(text, verb string) string {
	prog, err := Compile(text, goldenOptions)
	if err == nil {
		if verb == "error" {
			return "no error\n"
		}
		return prog.Explain() + explainPartition(prog)
	}
	var syntax *SyntaxError
	if !errors.As(err, &syntax) {
		return err.Error() + "\n"
	}
	source := strings.Split(text, "\n")[syntax.Line-1]
	width := 1
	if !strings.Contains(text[syntax.Start:syntax.End], "\n") {
		width = max(syntax.End-syntax.Start, 1)
	}
	return fmt.Sprintf("%s\n%s%s\n%s\n", source, strings.Repeat(" ", syntax.Col-1), strings.Repeat("^", width), syntax.Error())
}

// explainPartition prints by what the query can be split.
func explainPartition(p *Program) string {
	keys, reason := p.PartitionKeys()
	switch {
	case reason != "":
		return "not partitionable: " + reason + "\n"
	case len(keys) == 0:
		return "partitionable by anything: no state\n"
	}
	var parts []string
	for _, in := range p.Inputs {
		if k, ok := keys[in]; ok {
			parts = append(parts, in.Name+" by "+strings.Join(k, "."))
		}
	}
	return "partitionable: " + strings.Join(parts, ", ") + "\n"
}
