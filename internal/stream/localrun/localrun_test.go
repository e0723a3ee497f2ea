package localrun

import (
	"bytes"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// TestRun joins a stream with reference data of each format.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	in := put(t, dir, "in.json", `{"k":"a","v":1}`+"\n"+`{"k":"b","v":2}`+"\nbroken\n")
	for _, ref := range []string{
		put(t, dir, "names.csv", "k,name\na,Alpha\n"),
		put(t, dir, "array.json", `[{"k":"a","name":"Alpha"}]`),
		put(t, dir, "lines.json", `{"k":"a","name":"Alpha"}`),
	} {
		var named, rest bytes.Buffer
		m, err := Run(t.Context(), Config{
			Query:  `SELECT i.v, n.name INTO named FROM i JOIN names n ON i.k = n.k; SELECT v INTO others FROM i WHERE v > 1`,
			Inputs: map[string]string{"i": in}, References: map[string]string{"names": ref},
			Sinks:   map[string]stream.Sink{"NAMED": &Lines{W: &named}},
			Default: func(output string) stream.Sink { return &Lines{W: &rest, Label: output} },
		})
		if err != nil {
			t.Fatal(err)
		}
		if named.String() != "{\"v\":1,\"name\":\"Alpha\"}\n" || rest.String() != "{\"output\":\"others\",\"row\":{\"v\":2}}\n" {
			t.Errorf("%s: %s%s", ref, &named, &rest)
		}
		if m.InputEvents != 3 || m.DeserializationErrors != 1 || m.OutputEvents != 2 || !strings.Contains(m.LastError, "offset 2") {
			t.Errorf("%s: %+v", ref, m)
		}
	}
}

// TestRunRefuses what a run cannot do.
func TestRunRefuses(t *testing.T) {
	in := put(t, t.TempDir(), "in.json", `{"k":"a"}`)
	sink := func(string) stream.Sink { return &Lines{W: &bytes.Buffer{}} }
	for want, c := range map[string]Config{
		"is not given":              {Query: "SELECT k INTO o FROM i", Default: sink},
		"which is not given":        {Query: "SELECT k INTO o FROM i", Inputs: map[string]string{"i": in}},
		"absent.json":               {Query: "SELECT k INTO o FROM i", Inputs: map[string]string{"i": in + "/absent.json"}, Default: sink},
		"is not expected here":      {Query: "SELECT k INTO o FROM i WHERE", Inputs: map[string]string{"i": in}, Default: sink},
		"an out-of-order tolerance": {Query: "SELECT k INTO o FROM i", Inputs: map[string]string{"i": in}, OutOfOrder: -1, Default: sink},
	} {
		if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestFunctions reads scripts with and without a description.
func TestFunctions(t *testing.T) {
	dir := t.TempDir()
	if all, err := Functions(dir + "/absent"); all != nil || err != nil {
		t.Errorf("no folder: %v, %v", all, err)
	}
	put(t, dir, "plain.js", "\xef\xbb\xbffunction main(x) { return x }")
	put(t, dir, "total.js", "function main() {}")
	put(t, dir, "total.js.json", `{"Name":"total","Script":{"ScriptType":"JavaScript UDA","FilePath":"total.js"}}`)
	put(t, dir, "sudan.js", "function main() {}")
	put(t, dir, "sudan.js.json", `{"Name":"sudan","Type":"JavaScript UDF","FilePath":"uda.js"}`)
	put(t, dir, "notes.txt", "nothing")
	all, err := Functions(dir)
	if err != nil || len(all) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	for i, want := range []struct {
		name      string
		aggregate bool
	}{{"plain", false}, {"sudan", false}, {"total", true}} {
		if all[i].Name != want.name || all[i].Aggregate != want.aggregate || strings.HasPrefix(all[i].Source, "\xef") {
			t.Errorf("%+v, want %+v", all[i], want)
		}
	}
	put(t, dir, "broken.js", "")
	put(t, dir, "broken.js.json", "{")
	if _, err := Functions(dir); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "broken.js.json") {
		t.Errorf("a broken description: %v", err)
	}
	if _, err := Function(put(t, dir, "huge.js", strings.Repeat(" ", maxFunction+1))); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a huge script: %v", err)
	}
}
