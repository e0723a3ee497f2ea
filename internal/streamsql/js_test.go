package streamsql

import (
	"strings"
	"testing"
)

func TestAggregateInJavaScript(t *testing.T) {
	prog, err := Compile("SELECT uda.total(x) AS t INTO o FROM i GROUP BY TumblingWindow(second, 1)", goldenOptions)
	if err != nil {
		t.Fatal(err)
	}
	uda := prog.Steps[0].Root.(*Sink).Input.(*Project).Input.(*Aggregate).Calls[0].UDA
	mem := &Scratch{}
	a, err := uda.New(mem)
	if err != nil {
		t.Fatal(err)
	}
	b, err := uda.New(mem)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{1, 2, 3} {
		if err := a.Accumulate(BigIntValue(n), 0); err != nil {
			t.Fatal(err)
		}
	}
	state, err := a.Save()
	if err != nil || string(state) != `{"s":6}` {
		t.Fatalf("%s %v", state, err)
	}
	if err := b.Load(state); err != nil {
		t.Fatal(err)
	}
	if err := b.Accumulate(FloatValue(0.5), 0); err != nil {
		t.Fatal(err)
	}
	if v, err := b.Result(); err != nil || v != FloatValue(6.5) {
		t.Errorf("%v %v", v, err)
	}
	if v, err := a.Result(); err != nil || v != BigIntValue(6) {
		t.Errorf("%v %v", v, err)
	}
	if a.CanDeaccumulate() {
		t.Error("the script has no deaccumulate")
	}
	if err := b.Load([]byte("nonsense")); err == nil {
		t.Error("a state that is no JSON is accepted")
	}
}

// TestHostileJavaScript: endless loops, endless recursion and what is no function
// are errors and leave the interpreter usable.
func TestHostileJavaScript(t *testing.T) {
	opts := Options{Functions: []Function{
		{Name: "f", Source: "function main(x) { if (x == 1) { while (true) {} } if (x == 2) { return main(2) } if (x == 3) { return main } return x }"},
	}}
	prog, err := Compile("SELECT udf.f(x) AS v INTO o FROM i", opts)
	if err != nil {
		t.Fatal(err)
	}
	e := prog.Steps[0].Root.(*Sink).Input.(*Project).Exprs[0]
	mem := &Scratch{}
	for x, want := range map[int64]string{1: "longer than", 2: "stack", 3: "function", 4: ""} {
		row := &Row{Slots: []Value{BigIntValue(x)}, Scratch: mem}
		v := e.Eval(row)
		switch {
		case want == "" && (row.Err != nil || v != BigIntValue(4)):
			t.Errorf("%d: %v %v", x, v, row.Err)
		case want != "" && (row.Err == nil || !strings.Contains(strings.ToLower(row.Err.Error()), want)):
			t.Errorf("%d: %v, want %q", x, row.Err, want)
		}
	}
	for _, source := range []string{"function nomain() {}", "this is no script", "while (true) {}"} {
		if _, err := Compile("SELECT 1 INTO o FROM i", Options{Functions: []Function{{Name: "f", Source: source}}}); err == nil {
			t.Errorf("%q loads", source)
		}
	}
}
