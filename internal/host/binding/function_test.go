package binding

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

func TestParseBinding(t *testing.T) {
	b, err := Parse([]byte(`{"Name":"e","TYPE":"eventHubTrigger","direction":"IN","cardinality":"MANY","dataType":"BINARY","n":7,"flag":"True","list":["a","b"],"one":"x","null":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != "e" || !b.IsTrigger() || !b.Is("EVENTHUBTRIGGER") || b.IsOutput() || !b.Many || b.DataType != Binary {
		t.Errorf("%+v", b)
	}
	n, err := b.Int("N", 0)
	flag, err2 := b.Bool("Flag")
	if n != 7 || err != nil || !flag || err2 != nil || b.Text("null") != "" || len(b.Texts("list")) != 2 || b.Texts("ONE")[0] != "x" || b.Texts("none") != nil {
		t.Errorf("%d %v %v %v", n, err, flag, err2)
	}
	err = b.MapText(func(s string) (string, error) { return strings.ReplaceAll(s, "x", "y"), nil })
	if err != nil || b.Text("one") != "y" {
		t.Errorf("%q, %v", b.Text("one"), err)
	}
	err = b.MapText(func(s string) (string, error) {
		if s == "BINARY" {
			return "", errors.New("no")
		}
		return s, nil
	})
	if err == nil || err.Error() != "binding e, dataType: no" {
		t.Errorf("a property is called as it is written: %v", err)
	}
	for text, want := range map[string]string{
		`[]`:              "not a JSON object",
		`{"name":"a"}`:    "has no type",
		`{"type":"http"}`: "has no name",
		`{"name":"a","type":"t","direction":"up"}`:   "direction must be",
		`{"name":"a","type":"t","dataType":"jpg"}`:   "dataType must be",
		`{"name":"a","type":"t","cardinality":"no"}`: "cardinality must be",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestFromMetadata(t *testing.T) {
	meta := func(name string, bindings ...string) *funcrpc.RpcFunctionMetadata {
		return &funcrpc.RpcFunctionMetadata{Name: name, FunctionId: "id", RawBindings: bindings}
	}
	const in, out = `{"name":"t","type":"httpTrigger"}`, `{"name":"$return","type":"http","direction":"OUT"}`
	f, err := FromMetadata(meta("good_Name-1", in, out))
	if err != nil || f.Trigger().Name != "t" || len(f.Outputs()) != 1 || f.Binding("$RETURN") == nil || f.Binding("x") != nil {
		t.Errorf("%+v, %v", f, err)
	}
	bad := meta("bad", in)
	bad.Status = &funcrpc.StatusResult{Exception: &funcrpc.RpcException{Message: "line 3"}}
	for want, m := range map[string]*funcrpc.RpcFunctionMetadata{
		"starts with a letter": meta("1x", in),
		"is not \"host\"":      meta("Host", in),
		"two bindings":         meta("f", in, `{"name":"T","type":"http","direction":"out"}`),
		"one trigger, has 0":   meta("f", out),
		"one trigger, has 2":   meta("f", in, `{"name":"u","type":"queueTrigger"}`),
		"line 3":               bad,
		"not a JSON object":    meta("f", "nonsense"),
		"maximumInterval":      {Name: "f", RawBindings: []string{in}, RetryOptions: &funcrpc.RpcRetryOptions{MaxRetryCount: 1}},
		"must be at least -1":  {Name: "f", RawBindings: []string{in}, RetryOptions: &funcrpc.RpcRetryOptions{MaxRetryCount: -2, RetryStrategy: funcrpc.RpcRetryOptions_fixed_delay}},
		"must not be negative": {Name: "f", RawBindings: []string{in}, RetryOptions: &funcrpc.RpcRetryOptions{RetryStrategy: funcrpc.RpcRetryOptions_fixed_delay, DelayInterval: durationpb.New(-1)}},
	} {
		if _, err := FromMetadata(m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestScan(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"good/function.json": `{ // a comment
			"scriptFile": "run.js", "retry": {"strategy": "exponentialBackoff", "maxRetryCount": -1, "minimumInterval": "00:00:01", "maximumInterval": "00:01:00"},
			"disabled": true, "bindings": [{"name": "t", "type": "queueTrigger", "direction": "in"}]}`,
		"broken/function.json":  `{"bindings": [`,
		"noretry/function.json": `{"retry": {"strategy": "often"}, "bindings": [{"name": "t", "type": "queueTrigger"}]}`,
		"plain/readme.md":       ``,
		"host.json":             `{}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	functions, broken, err := Scan(dir, "node")
	if err != nil || len(functions) != 1 || len(broken) != 2 {
		t.Fatalf("%v, %v, %v", functions, broken, err)
	}
	f := functions[0]
	if f.Name != "good" || !f.Disabled || f.Metadata.GetScriptFile() != filepath.Join(dir, "good", "run.js") || f.Metadata.GetFunctionId() == "" {
		t.Errorf("%+v", f)
	}
	if !f.Retry.Exponential || f.Retry.Max != Forever || !f.Retry.Allows(1000) {
		t.Errorf("%+v", f.Retry)
	}
	if !strings.Contains(broken[0].Err.Error(), "function.json:1:") || !strings.Contains(broken[1].Err.Error(), "strategy") {
		t.Errorf("%v", broken)
	}
	if _, _, err := Scan(filepath.Join(dir, "none"), ""); err == nil {
		t.Error("a missing folder was read")
	}
}

func TestRetryPauses(t *testing.T) {
	fixed := Retry{Max: 2, Delay: 3 * time.Second}
	if fixed.Wait(0) != 3*time.Second || fixed.Wait(9) != 3*time.Second || !fixed.Allows(1) || fixed.Allows(2) {
		t.Error("fixed delay")
	}
	backoff := Retry{Exponential: true, Minimum: time.Second, Maximum: 10 * time.Second}
	for n, seconds := range []int{1, 2, 4, 8, 10, 10} {
		middle := time.Duration(seconds) * time.Second
		for range 20 {
			got := backoff.Wait(n)
			low, high := max(middle*4/5, time.Second), min(middle*6/5, 10*time.Second)
			if n >= 4 {
				low = 8 * time.Second
			}
			if got < low || got > high {
				t.Errorf("pause %d: %v, want %v to %v", n, got, low, high)
			}
		}
	}
}
