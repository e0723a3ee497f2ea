package endtest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// Shape is a call, by what it shows.
type Shape struct {
	Name string
	Call trigger.Call
}

// Shapes compares what a worker that takes collections receives for calls with a file:
// for each its name, and its trigger's data and metadata as an InvocationRequest. The
// flag -update writes the file anew.
func Shapes(t *testing.T, path string, shapes []Shape) {
	t.Helper()
	type line struct {
		Name    string
		Request json.RawMessage
	}
	var lines []line
	for _, s := range shapes {
		data := s.Call.Data(worker.Capabilities{worker.TypedDataCollection: "true"})
		raw, err := protojson.Marshal(&funcrpc.InvocationRequest{
			InputData:       []*funcrpc.ParameterBinding{{Name: "data", RpcData: &funcrpc.ParameterBinding_Data{Data: data}}},
			TriggerMetadata: s.Call.Metadata,
		})
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line{s.Name, raw})
	}
	var got bytes.Buffer // indented anew: protojson varies its spaces on purpose
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(lines); err != nil {
		t.Fatal(err)
	}
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
