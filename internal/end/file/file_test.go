package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

func open(t *testing.T, path string) stream.Reference {
	t.Helper()
	r, err := ReferenceKind(func(p string) string { return p }).Open(t.Context(), jobs.Input{Target: path})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestOutputIsAppended, a line a row, to a file of the owner alone; what was
// written can be read as reference data.
func TestOutputIsAppended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.json")
	s, err := SinkKind(func(p string) string { return p }).Open(t.Context(), jobs.Output{Target: path})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Write(t.Context(), stream.OutputBatch{Rows: []stream.OutputRow{{JSON: []byte(`{"a":1}`)}}}); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "{\"a\":1}\n{\"a\":1}\n" {
		t.Errorf("%q, %v", text, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if versions, err := open(t, path).Snapshots(t.Context()); err != nil || len(versions) != 1 || len(versions[0].Rows) != 2 {
		t.Errorf("%v, %v", versions, err)
	}
}

// TestReferenceIsReadWhenWritten: a file that is being written is read when it
// is done, never in half.
func TestReferenceIsReadWhenWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	done := make(chan error, 1)
	go func() {
		for _, part := range []string{"deviceId,name\n", "d1,one\n", "d2,two\n"} {
			time.Sleep(quiet / 3)
			if _, err := f.WriteString(part); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	versions, err := open(t, path).Snapshots(t.Context())
	if err != nil || len(versions) != 1 || len(versions[0].Rows) != 2 {
		t.Errorf("%v, %v; want both rows", versions, err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestReferenceFiles: arrays, lines and CSV are tables; anything broken is
// refused whole, with the file's name.
func TestReferenceFiles(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"r.json", `[{"a":1},{"b":2},{}]`, `{"a":1}{"b":2}{}`},
		{"r.json", "\xef\xbb\xbf{\"a\":1}\n{\"b\":2}\n", `{"a":1}{"b":2}`},
		{"r.json", "", ""},
		{"r.json", "[1]", "row 1 is not a JSON object"},
		{"r.json", `[{"a":1},{"b":`, "cut off after 2 rows"},
		{"r.json", `[{"a":1},`, "cut off after 1 rows"},
		{"r.json", `{"a":1}{"b":`, "row 2 is not a JSON object"},
		{"r.csv", "deviceId,name\nd1,\"first, or so\"\nd2,two\n", `{"deviceId":"d1","name":"first, or so"}{"deviceId":"d2","name":"two"}`},
		{"r.CSV", "deviceId,name\r\nd1,one\r\n", `{"deviceId":"d1","name":"one"}`},
		{"r.csv", "", ""},
		{"r.csv", "deviceId,DeviceID\nd1,d2\n", "twice"},
		{"r.avro", "Obj\x01", "Avro"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		versions, err := open(t, path).Snapshots(t.Context())
		got := ""
		if err != nil {
			if got = err.Error(); !strings.Contains(got, c.want) || !strings.Contains(got, c.name) || !fault.Is(err, fault.Invalid) {
				t.Errorf("%s %q: %v, want %s", c.name, c.text, err, c.want)
			}
			continue
		}
		for _, r := range versions[0].Rows {
			got += string(r)
		}
		if got != c.want {
			t.Errorf("%s %q: %s, want %s", c.name, c.text, got, c.want)
		}
	}
	if _, err := open(t, "absent.json").Snapshots(t.Context()); !fault.Is(err, fault.Invalid) {
		t.Errorf("a missing file: %v", err)
	}
	_, err := ReferenceKind(func(p string) string { return p }).Open(t.Context(), jobs.Input{Target: "ref/{date}/{time}/devices.csv"})
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "{date}") {
		t.Errorf("a pattern: %v", err)
	}
}

// TestEmptyReferenceIsNone: a program that stops between emptying the file and
// writing it leaves no table without rows.
func TestEmptyReferenceIsNone(t *testing.T) {
	for name, want := range map[string]string{"a.json": "", "b.json": " \n", "c.csv": "", "d.json": "[]", "e.csv": "id,name\n"} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := ReferenceKind(func(p string) string { return p }).Open(t.Context(), jobs.Input{Target: path})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Snapshots(t.Context())
		if empty := strings.TrimSpace(want) == ""; empty != (err != nil) || empty && !strings.Contains(err.Error(), "is empty") {
			t.Errorf("%s %q: %v", name, want, err)
		}
	}
}
