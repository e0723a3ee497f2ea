package blobrows

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/rows"
)

// zipped is a text that repeats, packed.
func zipped(t *testing.T, head, text string, times int) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(head)); err != nil {
		t.Fatal(err)
	}
	for range times {
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestBadRowsAreTold: a row that cannot be read ends its blob, wherever it stands:
// the rows before are events, the rest is one data error that names it, and told
// once. The next blob is read.
func TestBadRowsAreTold(t *testing.T) {
	long := `{"pad":"` + strings.Repeat("x", rows.MaxRow) + `","sub":{"r":"inner"}}`
	blank := strings.Repeat(" ", 1<<20)
	gz := jobs.Blobs{Compression: "gzip"}
	for name, tc := range map[string]struct {
		blob, text string
		b          jobs.Blobs
		rows       []string
		row        int
		want       string
	}{
		"csv, in the middle":  {"a.csv", "region,v\nseoul,1\njeju,\"bad\"quote\nbusan,3\n", jobs.Blobs{}, []string{`{"region":"seoul","v":"1"}`}, 2, "parse error on line 3"},
		"csv, first":          {"a.csv", "region,v\njeju,\"bad\"quote\nbusan,3\n", jobs.Blobs{}, nil, 1, "parse error on line 2"},
		"csv, an open quote":  {"a.csv", "a\n1\n\"2\n3\n", jobs.Blobs{}, []string{`{"a":"1"}`}, 2, "record on line 3"},
		"csv, a header":       {"a.csv", "a,A\n1,2\n", jobs.Blobs{}, nil, 1, "twice"},
		"json, long":          {"a.json", "{\"r\":1}\n" + long + "\n{\"r\":2}\n", jobs.Blobs{}, []string{`{"r":1}`}, 2, "row 2 is longer than"},
		"json, half an array": {"a.json", "[{\"r\":1},", jobs.Blobs{}, []string{`{"r":1}`}, 2, "cut off after 1 rows"},
		"white space":         {"a.json.gz", zipped(t, "", blank, 20), gz, nil, 1, "there is no row"},
		"white space behind":  {"a.json.gz", zipped(t, "{}\n", blank, 20), gz, []string{"{}"}, 2, "there is no row"},
		"a long value":        {"a.csv.gz", zipped(t, "a\n1\n\"", blank, 20), gz, []string{`{"a":"1"}`}, 2, "row 2 is longer than"},
		"no gzip":             {"a.json", "{}", gz, nil, 1, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			s := r.source(jobs.Input{Target: "c", Blobs: tc.b})
			r.put(tc.blob, tc.text)
			last := `{"last":true}`
			if tc.b.Compression != "" {
				last = zipped(t, last, "", 0)
			}
			r.put("z.json", last)
			in := s.read(t, fromStart)
			var got []string
			var bad []stream.Event
			for len(got) == 0 || got[len(got)-1] != `{"last":true}` {
				if err := in.r.Read(t.Context(), &in.b, 1); err != nil {
					t.Fatal(err)
				}
				e := in.b.Events[0]
				if e.In.Err != "" {
					bad = append(bad, e)
				}
				for line := range strings.Lines(string(e.Body)) {
					got = append(got, strings.TrimSuffix(line, "\n"))
				}
			}
			if diff := cmp.Diff(append(tc.rows[:len(tc.rows):len(tc.rows)], `{"last":true}`), got); diff != "" {
				t.Error(diff)
			}
			if len(bad) != 1 || bad[0].In.Blob != "c/"+tc.blob || bad[0].In.Row != tc.row || !strings.Contains(bad[0].In.Err, tc.want) {
				t.Fatalf("errors: %+v", bad)
			}
			if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0].Text, tc.want) {
				t.Errorf("%+v", w)
			}
			again := s.read(t, stream.AtOffset(bad[0].Offset+1))
			if err := again.r.Read(t.Context(), &again.b, 1); err != nil || again.b.Events[0].Origin != "z.json" {
				t.Errorf("behind it: %+v, %v", again.b.Events, err)
			}
		})
	}
}

// ending is a context that ends when it was asked so often.
type ending struct {
	context.Context
	left int
}

// Err implements context.Context.
func (c *ending) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestReadingEndsWithTheContext, in the middle of a piece too, and nothing is lost
// or there twice when it goes on.
func TestReadingEndsWithTheContext(t *testing.T) {
	r := newRig(t)
	s := r.source(jobs.Input{Target: "c"})
	var text, got strings.Builder
	const n = 30_000
	for i := range n {
		fmt.Fprintf(&text, "{\"i\":%d,\"text\":\"%040d\"}\n", i, i)
	}
	r.put("large", text.String())
	in, ends := s.read(t, fromStart), 0
	for got.Len() < text.Len() {
		err := in.r.Read(&ending{t.Context(), 1000}, &in.b, 1)
		if errors.Is(err, context.Canceled) {
			ends++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if e := in.b.Events[0]; e.In.Row != strings.Count(got.String(), "\n")+1 {
			t.Fatalf("row %d behind %d", e.In.Row, strings.Count(got.String(), "\n"))
		}
		got.Write(in.b.Events[0].Body)
	}
	if got.String() != text.String() {
		t.Error("the rows are others")
	}
	if ends < 10 {
		t.Errorf("it ended %d times", ends)
	}
}
