package blobs

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// onlyBlobs are settings of an account that is known by its Blob service alone.
func onlyBlobs() *settings.Settings {
	return settings.New(map[string]string{"OnlyBlob__blobServiceUri": "https://acct.blob.core.windows.net"})
}

// TestInput: the blob's content, or nothing where there is no blob or container.
func TestInput(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.write("a.txt")
		for _, c := range []struct{ declaration, name, want string }{
			{`"path":"inbox/{name}.txt"`, "a", "text of a.txt"},
			{`"path":"inbox/{name}.txt","dataType":"binary"`, "a", "bytes of a.txt"},
			{`"path":"inbox/{name}.txt"`, "missing", "nothing"},
			{`"path":"nowhere/{name}.txt"`, "a", "nothing"},
			{`"path":"inbox/{name}.txt","properties":{"SupportsDeferredBinding":true}`, "b", `{"BlobName":"b.txt","Connection":"AzureWebJobsStorage","ContainerName":"inbox"}`},
		} {
			in, err := w.end().Input().New(input.Setup{Binding: endtest.Parse(t, `{"name":"i","type":"blob",`+c.declaration+`}`), Settings: settings.New()})
			if err != nil {
				t.Fatal(err)
			}
			v, err := in.Read(t.Context(), values(map[string]string{"name": c.name}))
			if got := words(v); err != nil || got != c.want {
				t.Errorf("%s of %s: %q, %v", c.declaration, c.name, got, err)
			}
		}
		for _, declaration := range []string{`"path":"inbox"`, `"path":"/x"`, `"path":"a/{b"`, `"x":1`} {
			if _, err := w.end().Input().New(input.Setup{Binding: endtest.Parse(t, `{"name":"i","type":"blob",`+declaration+`}`), Settings: settings.New()}); err == nil {
				t.Errorf("%s passed", declaration)
			}
		}
	})
}

func words(v *funcrpc.TypedData) string {
	switch d := v.GetData().(type) {
	case *funcrpc.TypedData_String_:
		return "text " + d.String_
	case *funcrpc.TypedData_Bytes:
		return "bytes " + string(d.Bytes)
	case *funcrpc.TypedData_ModelBindingData:
		return string(d.ModelBindingData.GetContent())
	}
	return "nothing"
}

// TestOutput: what becomes of a function's value; null leaves the blob as it is.
func TestOutput(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var log bytes.Buffer
		out := func(path string) output.Output {
			o, err := w.end().Output().New(output.Setup{
				Binding:  endtest.Parse(t, `{"name":"o","type":"blob","direction":"out","path":"`+path+`"}`),
				Settings: settings.New(), Trigger: endtest.Parse(t, `{"name":"b","type":"blobTrigger","path":"inbox/{name}.in"}`),
				Log: slog.New(slog.NewTextHandler(&log, nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		o := out("Results/{name}.txt")
		for _, c := range []struct {
			value *funcrpc.TypedData
			want  string
		}{
			{trigger.Text("a"), "a"},
			{trigger.JSON(`{"b":1}`), `{"b":1}`},
			{nil, `{"b":1}`},
			{trigger.Bytes([]byte{0xff}), "\xff"},
			{trigger.JSON("null"), "\xff"},
			{trigger.Text(""), ""},
		} {
			if _, err := o.Write(t.Context(), c.value, values(map[string]string{"name": "x"})); err != nil {
				t.Fatal(err)
			}
			c2, err := w.end().Blobs.Open(t.Context(), settings.Connection{}, "results", Read)
			if err != nil {
				t.Fatal(err)
			}
			content, info, err := c2.Read(t.Context(), "x.txt", "")
			if err != nil || string(content) != c.want || info.Properties.ContentType != "application/octet-stream" {
				t.Errorf("%q of %s, %v, want %q", content, info.Properties.ContentType, err, c.want)
			}
		}
		if _, err := o.Write(t.Context(), trigger.Strings([]string{"a"}), values(map[string]string{"name": "x"})); err == nil {
			t.Error("a list of texts became a blob")
		}
		if _, err := o.Write(t.Context(), trigger.Text("a"), values(nil)); err == nil || !strings.Contains(err.Error(), "{name} is not defined") {
			t.Errorf("an unknown placeholder: %v", err)
		}
		if log.Len() != 0 {
			t.Errorf("said %s", &log)
		}
		for range 2 { // once is enough
			if _, err := twice(t, out("inbox/{rand-guid}.in")); err != nil {
				t.Fatal(err)
			}
		}
		if n := strings.Count(log.String(), "writes a blob that it is triggered by"); n != 2 { // once of each output
			t.Errorf("said %d times:\n%s", n, &log)
		}
	})
}

func twice(t *testing.T, o output.Output) (output.Written, error) {
	_, _ = o.Write(t.Context(), trigger.Text("a"), values(nil))
	return o.Write(t.Context(), trigger.Text("a"), values(nil))
}
