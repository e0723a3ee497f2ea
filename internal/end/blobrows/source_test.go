package blobrows

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs/jobstest"
)

func (r *rig) source(in jobs.Input) *source {
	r.t.Helper()
	s, err := SourceKind(r.find).Open(r.t.Context(), in, slog.New(slog.DiscardHandler))
	if err != nil {
		r.t.Fatal(err)
	}
	return s.(*source)
}

func TestSourceContract(t *testing.T) {
	jobstest.Source(t, func(t *testing.T) jobstest.SourceLab {
		r := newRig(t)
		n := 0
		return jobstest.SourceLab{
			Source: trimmed{r.source(jobs.Input{Target: "c/in"})}, Delete: r.drop,
			Send: func(_ int, bodies ...string) {
				for _, body := range bodies {
					n++
					r.put(fmt.Sprintf("in/%d.json", n), body)
					r.put(fmt.Sprintf("other/%d.json", n), body)
				}
			},
		}
	})
}

// trimmed is a source whose events, of one row each, have no line break behind.
type trimmed struct{ *source }

func (s trimmed) Open(ctx context.Context, partition int, at stream.Position) (stream.Reader, error) {
	r, err := s.source.Open(ctx, partition, at)
	if err != nil {
		return nil, err
	}
	return trimmedReader{r}, nil
}

type trimmedReader struct{ stream.Reader }

func (r trimmedReader) Read(ctx context.Context, b *stream.Batch, most int) error {
	err := r.Reader.Read(ctx, b, most)
	for i := range b.Events {
		b.Events[i].Body = bytes.TrimSuffix(b.Events[i].Body, []byte("\n"))
	}
	return err
}

// reading reads a source as far as it goes now.
type reading struct {
	t *testing.T
	r stream.Reader
	b stream.Batch

	patience time.Duration // of one read
	last     int64
}

func (s *source) read(t *testing.T, at stream.Position) *reading {
	t.Helper()
	r, err := s.Open(t.Context(), 0, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return &reading{t: t, r: r, patience: 20 * time.Millisecond}
}

// all returns the rows that there are, with their blobs.
func (r *reading) all() (rows []string) {
	r.t.Helper()
	for {
		in := r.r.(*reader)
		if in.now == nil && len(in.page) == 0 && in.after >= in.blobs.LastChange() {
			return rows
		}
		ctx, cancel := context.WithTimeout(r.t.Context(), r.patience)
		err := r.r.Read(ctx, &r.b, 100)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			continue // there may be no more, or the machine is busy
		}
		if err != nil {
			r.t.Fatal(err)
		}
		for _, e := range r.b.Events {
			for line := range strings.Lines(string(e.Body)) {
				rows = append(rows, e.Origin+" "+strings.TrimSuffix(line, "\n"))
			}
			r.last = e.Offset
		}
	}
}

func (r *reading) want(rows ...string) {
	r.t.Helper()
	if diff := cmp.Diff(rows, r.all()); diff != "" {
		r.t.Error(diff)
	}
}

var fromStart = stream.AtArrival(stream.StartOfInput)

// TestBlobsAreReadOnce: in the order of their last changes, whatever happens to
// them before and after.
func TestBlobsAreReadOnce(t *testing.T) {
	r := newRig(t)
	s := r.source(jobs.Input{Name: "in", Target: "c"})
	r.put("b", `{"x":1}`)
	r.put("a", `{"x":2}`)
	r.put("gone", `{"x":3}`)
	r.put("b", `{"x":4}`) // before it was read: it is what it is now, and where it is now
	r.remove("gone")
	in := s.read(t, fromStart)
	in.want(`a {"x":2}`, `b {"x":4}`)
	r.put("a", `{"x":5}`)
	r.put("c", `{"x":6}`)
	in.want(`c {"x":6}`)
	if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0].Text, "blob c/a was changed after it had been read") {
		t.Errorf("%+v", w)
	}
	r.remove("c")
	r.put("c", `{"x":7}`) // another blob of the name
	in.want(`c {"x":7}`)
	in.want()

	again := s.read(t, stream.AtOffset(in.last+1))
	r.put("b", `{"x":8}`)
	r.put("d", `{"x":9}`)
	again.want(`d {"x":9}`)
	in.want(`d {"x":9}`)
}

// TestStartOfBlobs: a job that starts now reads what is put from now on, and a
// blob of before that is changed later is new to it.
func TestStartOfBlobs(t *testing.T) {
	r := newRig(t)
	s := r.source(jobs.Input{Target: "c"})
	r.put("old", `{"x":1}`)
	r.put("older", `{"x":2}`)
	last := int64(r.blobs.LastChange())
	in := s.read(t, stream.AtArrival(last+1))
	in.want()
	r.put("old", `{"x":3}`)
	r.put("new", `{"x":4}`)
	in.want(`old {"x":3}`, `new {"x":4}`)
	r.put("old", `{"x":5}`)
	r.put("older", `{"x":6}`)
	in.want(`older {"x":6}`)
	s.read(t, stream.AtArrival(last)).want(`new {"x":4}`, `old {"x":5}`, `older {"x":6}`)
}

// TestManyBlobs: more than are asked for at once, some of them changed while they
// are read.
func TestManyBlobs(t *testing.T) {
	r := newRig(t)
	s := r.source(jobs.Input{Target: "c"})
	const n = 3*pageSize + 7
	for i := range n {
		r.put(fmt.Sprintf("%04d", i), fmt.Sprintf(`{"x":%d}`, i))
	}
	in := s.read(t, fromStart)
	var got []string
	for len(got) < 10 {
		if err := in.r.Read(t.Context(), &in.b, 1); err != nil {
			t.Fatal(err)
		}
		got = append(got, in.b.Events[0].Origin)
	}
	r.put("0003", `{"again":true}`)
	r.put("0700", `{"now":true}`)
	for _, line := range in.all() {
		name, text, _ := strings.Cut(line, " ")
		if strings.Contains(text, "again") {
			t.Errorf("%s was read twice", name)
		}
		got = append(got, name)
	}
	slices.Sort(got)
	if len(got) != n || len(slices.Compact(got)) != n {
		t.Errorf("%d reads of %d blobs", len(got), n)
	}
	if len(in.r.(*reader).seen) > n {
		t.Errorf("%d blobs are remembered", len(in.r.(*reader).seen))
	}
}

// TestFormsOfBlobs: whatever holds them, rows are the same, and what cannot be
// read is told and passed over.
func TestFormsOfBlobs(t *testing.T) {
	packed := func(pack func(io.Writer) io.WriteCloser, text string) string {
		var b bytes.Buffer
		w := pack(&b)
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	zip := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	deflate := func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 5); return f }
	for name, c := range map[string]struct {
		in         jobs.Input
		blob, text string
		want       []string
		warns      string
	}{
		"lines":           {jobs.Input{}, "a.json", "{\"x\":1}\n{\"x\":2}\n", []string{`{"x":1}`, `{"x":2}`}, ""},
		"a broken line":   {jobs.Input{}, "a", "nonsense\n{\"x\":\n{\"x\":2}\n", []string{`{! nonsense`, `{! {"x":`[3:], `{"x":2}`}, ""},
		"an array":        {jobs.Input{}, "a.json", `[{"x":1},{"x":2}]`, []string{`{"x":1}`, `{"x":2}`}, ""},
		"half an array":   {jobs.Input{}, "a.json", `[{"x":1},`, []string{`{"x":1}`}, "cut off after 1 rows"},
		"csv by name":     {jobs.Input{}, "a.csv", "x,y\n1,a\n", []string{`{"x":"1","y":"a"}`}, ""},
		"csv by format":   {jobs.Input{Format: "csv", Blobs: jobs.Blobs{Delimiter: "bar"}}, "a.log", "x|y\n1|a\n", []string{`{"x":"1","y":"a"}`}, ""},
		"json by format":  {jobs.Input{Format: "json"}, "a.csv", `{"x":1}`, []string{`{"x":1}`}, ""},
		"a double column": {jobs.Input{}, "a.csv", "x,X\n1,a\n", nil, "twice"},
		"gzip":            {jobs.Input{Blobs: jobs.Blobs{Compression: "gzip"}}, "a.json.gz", packed(zip, "{\"x\":1}\n{\"x\":2}"), []string{`{"x":1}`, `{"x":2}`}, ""},
		"gzip of csv":     {jobs.Input{Blobs: jobs.Blobs{Compression: "gzip"}}, "a.csv.gz", packed(zip, "x\n1\n"), []string{`{"x":"1"}`}, ""},
		"half a gzip":     {jobs.Input{Blobs: jobs.Blobs{Compression: "gzip"}}, "a.gz", packed(zip, "{\"x\":1}\n{\"x\":2}")[:20], []string{`{"x":1}`}, "cannot be read"},
		"no gzip":         {jobs.Input{Blobs: jobs.Blobs{Compression: "gzip"}}, "a.json", `{"x":1}`, nil, "cannot be read"},
		"unsaid gzip":     {jobs.Input{}, "a.json", packed(zip, "{}"), nil, "compressed (gzip)"},
		"deflate":         {jobs.Input{Blobs: jobs.Blobs{Compression: "deflate"}}, "a", packed(deflate, `{"x":1}`), []string{`{"x":1}`}, ""},
		"avro":            {jobs.Input{}, "a.avro", "Obj\x01", nil, "is Avro"},
		"nothing":         {jobs.Input{}, "a.json", "", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c.in.Target = "c"
			s := r.source(c.in)
			r.put(c.blob, c.text)
			r.put("z.json", `{"last":true}`)
			want := []string{}
			for _, row := range c.want {
				want = append(want, c.blob+" "+row)
			}
			if c.in.Blobs.Compression == "" && c.in.Format != "csv" {
				want = append(want, `z.json {"last":true}`)
			}
			in := s.read(t, fromStart)
			got := slices.DeleteFunc(in.all(), func(row string) bool { return strings.HasPrefix(row, "z.") && !slices.Contains(want, row) })
			if diff := cmp.Diff(want, append([]string{}, got...)); diff != "" {
				t.Error(diff)
			}
			said := ""
			for _, w := range s.Warnings() {
				said = w.Text
			}
			if !strings.Contains(said, c.warns) || c.warns == "" && strings.Contains(said, "/"+c.blob+" ") {
				t.Errorf("warnings: %q, want %q", said, c.warns)
			}
		})
	}
}

// TestPiecesGoOn: a large blob comes in pieces, and a reader that stops behind any
// of them goes on there, however often it was interrupted within one.
func TestPiecesGoOn(t *testing.T) {
	r := newRig(t)
	s := r.source(jobs.Input{Target: "c"})
	var text strings.Builder
	const n = 40_000
	for i := range n {
		fmt.Fprintf(&text, "{\"i\":%d,\"text\":\"%032d\"}\n", i, i)
	}
	r.put("large", text.String())
	r.put("next", `{"i":-1}`)
	var offsets []int64
	counts := []int{}
	in := s.read(t, fromStart)
	for total := 0; total < n+1; {
		if err := in.r.Read(t.Context(), &in.b, 10); err != nil {
			t.Fatal(err)
		}
		total += bytes.Count(in.b.Events[0].Body, []byte("\n"))
		offsets, counts = append(offsets, in.b.Events[0].Offset), append(counts, total)
	}
	if len(offsets) < 8 {
		t.Fatalf("%d pieces", len(offsets))
	}
	for i, offset := range offsets {
		in := s.read(t, stream.AtOffset(offset+1))
		in.patience = time.Duration(1+i) * time.Millisecond / 2
		rest := in.all()
		if want := n + 1 - counts[i]; len(rest) != want {
			t.Errorf("behind piece %d: %d rows, want %d", i, len(rest), want)
		}
	}
	if got, want := s.Behind(0, offsets[len(offsets)-1]+1), int64(0); got != want {
		t.Errorf("%d are behind the last", got)
	}
}

// TestPartitionsOfBlobs: {partition} spreads blobs over as many as there are.
func TestPartitionsOfBlobs(t *testing.T) {
	r := newRig(t)
	s := r.source(jobs.Input{Target: "c/{partition}", Blobs: jobs.Blobs{Partitions: 3}})
	for i := range 7 {
		r.put(fmt.Sprintf("%d/a", i), fmt.Sprintf(`{"x":%d}`, i))
	}
	for p, want := range [][]string{{"0/a", "3/a", "6/a"}, {"1/a", "4/a"}, {"2/a", "5/a"}} {
		rd, err := s.Open(t.Context(), p, fromStart)
		if err != nil {
			t.Fatal(err)
		}
		in := &reading{t: t, r: rd, patience: 20 * time.Millisecond}
		var got []string
		for _, row := range in.all() {
			name, _, _ := strings.Cut(row, " ")
			got = append(got, name)
		}
		rd.Close()
		if !slices.Equal(got, want) {
			t.Errorf("partition %d: %v, want %v", p, got, want)
		}
	}
	recent, err := s.Recent(t.Context(), 100, 1<<20)
	if err != nil || len(recent) != 3 || len(recent[0]) != 3 || recent[1][1].Origin != "4/a" {
		t.Errorf("%v, %v", recent, err)
	}
}

// TestOffsets: places and offsets are one to one and in one order.
func TestOffsets(t *testing.T) {
	first := firstPlace()
	for _, at := range []objectstore.Position{first, first + 1, objectstore.Position(stream.Ticks(time.Date(2053, 1, 1, 0, 0, 0, 0, time.UTC)))} {
		for _, piece := range []int{0, 1, 1023} {
			offset, ok := offsetOf(at, piece)
			if a, p := placeOf(offset); !ok || offset < 0 || a != at || p != piece {
				t.Errorf("%d/%d: %d, %d/%d", at, piece, offset, a, p)
			}
		}
	}
	for at, piece := range map[objectstore.Position]int{first - 1: 0, first: 1024, first + 1<<53: 0} {
		if _, ok := offsetOf(at, piece); ok {
			t.Errorf("%d/%d has an offset", at, piece)
		}
	}
	if low, _ := offsetOf(first, 1023); low >= func() int64 { n, _ := offsetOf(first+1, 0); return n }() {
		t.Error("a later blob is not behind")
	}
}
