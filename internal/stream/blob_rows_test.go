package stream

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRowsOfBlobs: a broken row takes no other with it, be it the first, and the
// message names the blob and the row. What the source could not read is counted.
func TestRowsOfBlobs(t *testing.T) {
	at := func(offset int64, row int, body string) Event {
		return Event{Offset: offset, Body: []byte(body), Origin: "x.json", In: &Place{Blob: "c/x.json", Row: row}}
	}
	whole, rest := at(0, 1, "{! nonsense\n{\"a\":2}\n"), at(1, 3, "{\"a\":3}\n{\"a\":\n")
	bad := at(2, 5, "")
	bad.In.Err = "row 5 is too long"
	for name, tc := range map[string]struct {
		events []Event
		want   []string
		errors int64
		last   string
	}{
		"the first":   {[]Event{whole}, []string{`{"a":2}`}, 1, "input i: blob c/x.json, row 1: the event is not valid JSON near offset 1"},
		"a later one": {[]Event{whole, rest}, []string{`{"a":2}`, `{"a":3}`}, 2, "input i: blob c/x.json, row 4: the event is not valid JSON near offset 5"},
		"all behind":  {[]Event{whole, rest, bad}, []string{`{"a":2}`, `{"a":3}`}, 3, "input i: blob c/x.json, row 5: the blob cannot be read from there on: row 5 is too long"},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &memSink{}
			job, err := New(Options{
				Name: "rows", Program: compile(t, "SELECT a INTO o FROM i"), Policy: DefaultTimePolicy(), Start: StartAll, Store: &MemStore{},
				Sources: map[string]Source{"i": &memSource{parts: [][]Event{tc.events}}},
				Sinks:   map[string]Sink{"o": sink},
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := job.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, sink.lines()); diff != "" {
				t.Error(diff)
			}
			want := []DataErrors{{Kind: InvalidData.String(), Input: "i", Events: tc.errors, Last: tc.last}}
			if diff := cmp.Diff(want, job.Metrics().DataErrors); diff != "" {
				t.Error(diff)
			}
		})
	}
}
