package blobrows

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs/jobstest"
)

func (r *rig) sink(out jobs.Output) stream.Sink {
	r.t.Helper()
	s, err := SinkKind(r.find).Open(r.t.Context(), out)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// rows are those of all files, sorted. Each file must be whole.
func (r *rig) rows(format string) []string {
	r.t.Helper()
	var all []string
	for name, text := range r.texts() {
		switch {
		case text == "": // a file that was begun, and never written to
		case format == "array":
			var rows []json.RawMessage
			if err := json.Unmarshal([]byte(text), &rows); err != nil {
				r.t.Errorf("%s is no array: %v\n%s", name, err, text)
			}
			for _, row := range rows {
				all = append(all, string(row))
			}
		case format == "csv":
			lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
			if err != nil || len(lines) < 2 {
				r.t.Errorf("%s: %v\n%s", name, err, text)
				continue
			}
			for _, line := range lines[1:] {
				all = append(all, strings.Join(line, ","))
			}
		default:
			if !strings.HasSuffix(text, "\n") {
				r.t.Errorf("%s ends in half a line: %q", name, text)
			}
			all = append(all, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
		}
	}
	slices.Sort(all)
	return all
}

func TestSinkContract(t *testing.T) {
	for _, format := range []string{"json", "array"} {
		t.Run(format, func(t *testing.T) {
			jobstest.Sink(t, func(t *testing.T) jobstest.SinkLab {
				r := newRig(t)
				return jobstest.SinkLab{
					Sink: r.sink(jobs.Output{Target: "c/rows/{date}/{time}", Format: format}), Once: true,
					Rows: func() []string { return r.rows(format) }, Delete: r.drop, Make: r.create,
				}
			})
		})
	}
}

var noon = time.Date(2026, 3, 1, 12, 30, 5, 0, time.UTC)

func batch(first uint64, rows ...stream.OutputRow) stream.OutputBatch {
	return stream.OutputBatch{Job: "j", Output: "o", Run: "r", Lane: "all", First: first, Rows: rows}
}

func row(at time.Time, text string) stream.OutputRow {
	return stream.OutputRow{Time: stream.Ticks(at), JSON: []byte(text)}
}

// TestFiles: what the files are called and hold.
func TestFiles(t *testing.T) {
	const id = "W" // in place of the writer
	for name, c := range map[string]struct {
		out  jobs.Output
		rows []string // each an hour after the other
		want map[string]string
	}{
		"lines by hours": {jobs.Output{Target: "c/a/{date}/{time}", Blobs: jobs.Blobs{Date: "YYYY-MM-DD"}}, []string{`{"x":1}`, `{"x":2}`}, map[string]string{
			"a/2026-03-01/12/0_W_1.json": "{\"x\":1}\n", "a/2026-03-01/13/0_W_1.json": "{\"x\":2}\n",
		}},
		"the root": {jobs.Output{Target: "c"}, []string{`{"x":1}`, `{"x":2}`}, map[string]string{"0_W_1.json": "{\"x\":1}\n{\"x\":2}\n"}},
		"an array": {jobs.Output{Target: "c/", Format: "array"}, []string{`{"x":1}`, `{"x":2}`}, map[string]string{"0_W_1.json": "[\n{\"x\":1},\n{\"x\":2}\n]\n"}},
		"a column": {jobs.Output{Target: "c/{Site}/{datetime:MM}"}, []string{`{"site":"a/b"}`, `{"site":7}`, `{"site":true}`}, map[string]string{
			"a/b/03/0_W_1.json": "{\"site\":\"a/b\"}\n", "7/03/0_W_1.json": "{\"site\":7}\n", "true/03/0_W_1.json": "{\"site\":true}\n",
		}},
		"csv": {jobs.Output{Target: "c/x/", Format: "csv", Blobs: jobs.Blobs{Delimiter: "semicolon"}}, []string{`{"a":"x;y","b":null}`, `{"a":1,"b":{"c":2}}`}, map[string]string{
			"x/S_W_1.csv": "a;b\r\n\"x;y\";\r\n1;\"{\"\"c\"\":2}\"\r\n",
		}},
		"size": {jobs.Output{Target: "c/x", Blobs: jobs.Blobs{FileBytes: 8}}, []string{`{"x":1}`, `{"x":2}`}, map[string]string{
			"x/0_W_1.json": "{\"x\":1}\n", "x/0_W_2.json": "{\"x\":2}\n",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			s := r.sink(c.out)
			b := batch(0)
			for i, text := range c.rows {
				b = batch(uint64(i), row(noon.Add(time.Duration(i)*time.Hour), text))
				if err := s.Write(t.Context(), b); err != nil {
					t.Fatal(err)
				}
			}
			got := map[string]string{}
			for name, text := range r.texts() {
				name = strings.ReplaceAll(name, writerID(&b), id)
				if dir := folder(name); strings.HasSuffix(name, ".csv") {
					_, rest, _ := strings.Cut(name[len(dir):], "_")
					name = dir + "/S_" + rest
				}
				got[name] = text
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestColumnsOfCSV: rows of other columns go to files of their own, and stay there.
func TestColumnsOfCSV(t *testing.T) {
	r := newRig(t)
	s := r.sink(jobs.Output{Target: "c", Format: "csv"})
	for i, text := range []string{`{"a":1}`, `{"a":2,"b":3}`, `{"a":4}`, `{"a":5,"b":6}`} {
		if err := s.Write(t.Context(), batch(uint64(i), row(noon, text))); err != nil {
			t.Fatal(err)
		}
	}
	var texts []string
	for _, text := range r.texts() {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	if diff := cmp.Diff([]string{"a\r\n1\r\n4\r\n", "a,b\r\n2,3\r\n5,6\r\n"}, texts); diff != "" {
		t.Error(diff)
	}
}

// TestRowsOfTheirColumn: a row whose column cannot stand in the path is refused,
// and the policy decides; nothing of its batch is written.
func TestRowsOfTheirColumn(t *testing.T) {
	r := newRig(t)
	s := r.sink(jobs.Output{Target: "c/{site}"})
	for _, text := range []string{`{"x":1}`, `{"site":null}`, `{"site":""}`, `{"site":{}}`, `{"site":[1]}`, `{"site":"a\nb"}`, `{"site":"` + strings.Repeat("x", 600) + `"}`, `{"site":"` + strings.Repeat("x/", 254) + `"}`} {
		err := s.Write(t.Context(), batch(0, row(noon, `{"site":"a"}`), row(noon, text)))
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "site") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if all := r.texts(); len(all) != 0 {
		t.Errorf("%v", all)
	}
}

// TestOthersChangeFiles: rows go to another file when theirs was deleted, closed
// or written to by somebody else.
func TestOthersChangeFiles(t *testing.T) {
	for _, format := range []string{"json", "array"} {
		t.Run(format, func(t *testing.T) {
			r := newRig(t)
			s := r.sink(jobs.Output{Target: "c", Format: format})
			write := func(n uint64) {
				t.Helper()
				if err := s.Write(t.Context(), batch(n, row(noon, fmt.Sprintf(`{"x":%d}`, n)))); err != nil {
					t.Fatal(err)
				}
			}
			b := batch(0)
			first, second := "0_"+writerID(&b)+"_1.json", "0_"+writerID(&b)+"_2.json"
			write(0)
			r.remove(first)
			write(1)
			if got := r.rows(format); !slices.Equal(got, []string{`{"x":1}`}) {
				t.Errorf("after it was deleted: %q", got)
			}
			r.put(second, "mine\n")
			write(2)
			if got := r.texts(); got[second] != "mine\n" || len(got) != 2 {
				t.Errorf("after it was overwritten: %q", got)
			}
		})
	}
}

// TestReplays: a run that goes on from a checkpoint, in a process of its own,
// writes rows again in other batches: each is there once, whatever was written
// before, in files that are whole at any time.
func TestReplays(t *testing.T) {
	for name, out := range map[string]jobs.Output{
		"json": {Target: "c/{site}/{time}"}, "array": {Target: "c/{site}/{time}", Format: "array"}, "csv": {Target: "c/{site}/{time}", Format: "csv"},
		"small": {Target: "c/{time}", Blobs: jobs.Blobs{FileBytes: 200}},
	} {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 1))
			const n = 400
			all, want := make([]stream.OutputRow, n), make([]string, n)
			for i := range all {
				text := fmt.Sprintf(`{"site":"s%d","i":%d}`, random.IntN(5), i)
				all[i], want[i] = row(noon.Add(time.Duration(i)*time.Minute), text), text
				if out.Format == "csv" {
					want[i] = strings.NewReplacer(`{"site":"`, "", `","i":`, ",", `}`, "").Replace(text)
				}
			}
			slices.Sort(want)
			r := newRig(t)
			s := r.sink(out)
			for at, checkpoint := 0, 0; at < n; {
				size := min(1+random.IntN(20), n-at)
				if err := s.Write(t.Context(), batch(uint64(at), all[at:at+size]...)); err != nil {
					t.Fatal(err)
				}
				at += size
				switch random.IntN(8) {
				case 0:
					s, at = r.sink(out), checkpoint // it was killed
				case 1, 2:
					checkpoint = at
				case 3:
					r.rows(out.Format)
				}
			}
			if diff := cmp.Diff(want, r.rows(out.Format)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
