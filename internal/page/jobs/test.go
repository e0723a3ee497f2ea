package jobs

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/trial"
)

// QueryTest is the answer to POST /api/jobs/{job}/test: what a text makes of the
// newest events.
type QueryTest struct {
	TookMs  int64        `json:"tookMs"`
	Inputs  []TestInput  `json:"inputs"`
	Outputs []TestOutput `json:"outputs"`
	// Counts are events by what became of them, as of a job.
	Counts     map[string]int64 `json:"counts"`
	DataErrors []DataErrors     `json:"dataErrors"`
	// Notes name what of the job's policy and of the test's ends shows in the rows.
	Notes []TestNote `json:"notes"`
}

// TestInput is an input of a QueryTest: the events that were read, the oldest
// first in each partition.
type TestInput struct {
	Name   string      `json:"name"`
	Events []TestEvent `json:"events"`
}

// TestEvent is an event that was read.
type TestEvent struct {
	ID        string `json:"id"` // partition/sequence
	Partition int    `json:"partition"`
	Sequence  int64  `json:"sequence"`
	At        int64  `json:"at"` // when it arrived, unix milliseconds
	Key       string `json:"key"`
	Body      string `json:"body"` // its head
	Cut       bool   `json:"cut"`
}

// TestOutput is an output of a QueryTest.
type TestOutput struct {
	Name string    `json:"name"`
	All  int64     `json:"all"`
	Rows []TestRow `json:"rows"` // the first of them
}

// TestRow is a row that would be written.
type TestRow struct {
	ID   string `json:"id"`
	At   int64  `json:"at"`  // System.Timestamp(), unix milliseconds
	Key  string `json:"key"` // of INTO … PARTITION BY
	JSON string `json:"json"`
}

// TestNote is one of: newest (Count events were read), empty, late (Count events,
// beyond Ms), lateDropped, early, outOfOrder, outOfOrderDropped, ends (windows
// are closed where the events end).
type TestNote struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
	Ms    int64  `json:"ms"` // of the policy
}

// tests runs one test at a time: each may use all that a test may.
type tests struct {
	page
	busy chan struct{} // holds a token while one runs
}

func newTests(p page) *tests { return &tests{p, make(chan struct{}, 1)} }

func (t *tests) serve(w http.ResponseWriter, r *http.Request) error {
	j, err := t.find(r.PathValue("job"))
	if err != nil {
		return err
	}
	var body QueryText
	if err := portal.ReadJSON(w, r, maxQuery, &body); err != nil {
		return err
	}
	select {
	case t.busy <- struct{}{}:
		defer func() { <-t.busy }()
	default:
		return fault.New(fault.Throttled, "test", "another one runs; it ends within %v", trial.Longest)
	}
	begun := time.Now()
	tried, err := j.Try(r.Context(), body.Query)
	if err != nil {
		return placed(err)
	}
	out := shown(tried)
	out.TookMs = time.Since(begun).Milliseconds()
	out.Notes = notes(tried, j.Policy)
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

func shown(t jobs.Tried) QueryTest {
	m := t.Result.Metrics
	out := QueryTest{
		Inputs: []TestInput{}, Outputs: []TestOutput{}, DataErrors: []DataErrors{},
		Counts: map[string]int64{
			"in": m.InputEvents, "out": m.OutputEvents, "late": m.LateEvents, "early": m.EarlyEvents, "outOfOrder": m.OutOfOrderEvents,
			"dropped": m.DroppedEvents, "malformed": m.DeserializationErrors, "conversion": m.ConversionErrors, "runtime": m.RuntimeErrors,
		},
	}
	for _, e := range m.DataErrors {
		out.DataErrors = append(out.DataErrors, DataErrors(e))
	}
	for _, in := range t.Inputs {
		out.Inputs = append(out.Inputs, shownInput(in))
	}
	for _, o := range t.Result.Outputs {
		rows := make([]TestRow, len(o.Rows))
		for i, r := range o.Rows {
			rows[i] = TestRow{fmt.Sprint(i), stream.TimeOf(r.Time).UnixMilli(), r.Key, string(r.JSON)}
		}
		out.Outputs = append(out.Outputs, TestOutput{o.Name, o.All, rows})
	}
	return out
}

const bodyHead = 1 << 10 // bytes of an event that are shown

func shownInput(in trial.Input) TestInput {
	out := TestInput{Name: in.Name, Events: []TestEvent{}}
	for p, events := range in.Partitions {
		for i := range events {
			e := &events[i]
			head := strings.TrimRight(strings.ToValidUTF8(string(e.Body[:min(len(e.Body), bodyHead)]), "\ufffd"), "\ufffd") // a cut letter
			out.Events = append(out.Events, TestEvent{
				fmt.Sprintf("%d/%d", p, e.Sequence), p, e.Sequence, stream.TimeOf(e.Arrival).UnixMilli(), e.Key, head, len(e.Body) > bodyHead,
			})
		}
	}
	return out
}

// notes says what of the policy shows in the rows, and what a test cannot show.
func notes(t jobs.Tried, p stream.TimePolicy) []TestNote {
	m := t.Result.Metrics
	out := []TestNote{}
	add := func(kind string, count int64, d time.Duration) {
		if count > 0 {
			out = append(out, TestNote{kind, count, d.Milliseconds()})
		}
	}
	var read int64
	for _, in := range t.Inputs {
		for _, events := range in.Partitions {
			read += int64(len(events))
		}
	}
	if read == 0 {
		return append(out, TestNote{Kind: "empty"})
	}
	late, disorder := "late", "outOfOrder"
	if p.Drop {
		late, disorder = "lateDropped", "outOfOrderDropped"
	}
	add("newest", read, 0)
	add(late, m.LateEvents, p.Late)
	add("early", m.EarlyEvents, stream.EarlyLimit)
	add(disorder, m.OutOfOrderEvents, p.OutOfOrder)
	add("ends", read, 0)
	return out
}
