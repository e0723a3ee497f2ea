package stream

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// pickySink keeps rows by their ids and refuses those that hold a text.
type pickySink struct {
	refuse []byte
	rows   map[string]string
}

func (s *pickySink) Write(_ context.Context, b OutputBatch) error {
	for _, r := range b.Rows {
		if bytes.Contains(r.JSON, s.refuse) {
			return fault.New(fault.Invalid, "row", "refused")
		}
	}
	for i, r := range b.Rows {
		s.rows[b.ID(i)] = string(r.JSON)
	}
	return nil
}

// TestRowIDs: every row has an id of its own, which tells the run, and keeps it
// when a batch is halved to find the row that an output refuses.
func TestRowIDs(t *testing.T) {
	list := events(t, []string{`{"x":0}`, `{"x":1}`, `{"x":2}`, `{"x":3}`, `{"x":4}`, `{"x":5}`, `{"x":6}`})
	sink := &pickySink{refuse: []byte(`:2}`), rows: map[string]string{}}
	for _, run := range []string{"r1", "r2"} {
		job, err := New(Options{
			Name: "j", Run: run, Program: compile(t, `SELECT x INTO o FROM i`), Policy: DefaultTimePolicy(), Start: StartAll, OutputErrors: DropOutput,
			Sources: map[string]Source{"i": &memSource{parts: [][]Event{list}}}, Sinks: map[string]Sink{"o": sink},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := job.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for id, row := range sink.rows {
		got = append(got, id+" "+row)
	}
	slices.Sort(got)
	var want []string
	for _, run := range []string{"r1", "r2"} {
		for _, n := range []string{"0", "1", "3", "4", "5", "6"} {
			want = append(want, "j-o-"+run+"-p0-"+n+` {"x":`+n+`}`)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("rows\n%q, want\n%q", got, want)
	}
}
