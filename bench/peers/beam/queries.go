package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/graph/mtime"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/graph/window"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

// queries builds the pipeline of a query over a collection of lines. The
// metrics events, rows and n count what was read, what came out, and the
// events in what came out.
var queries = map[string]func(beam.Scope, beam.PCollection){
	"filter": func(s beam.Scope, lines beam.PCollection) {
		beam.ParDo0(s, countRow, beam.ParDo(s, filter, lines))
	},
	"tumbling": func(s beam.Scope, lines beam.PCollection) {
		aggregate(s, lines, window.NewFixedWindows(10*time.Second))
	},
	// Two events exactly the gap apart are in one session: see bench/stream.
	"session": func(s beam.Scope, lines beam.PCollection) {
		aggregate(s, lines, window.NewSessions(999*time.Millisecond))
	},
}

// aggregate is COUNT, AVG, MIN and MAX of power by plant and window.
func aggregate(s beam.Scope, lines beam.PCollection, windows *window.Fn) {
	readings := beam.WindowInto(s, windows, beam.ParDo(s, read, lines))
	beam.ParDo0(s, countWindow, beam.CombinePerKey(s, &combine{}, readings))
}

var (
	events = beam.NewCounter("peer", "events")
	rows   = beam.NewCounter("peer", "rows")
	inRows = beam.NewCounter("peer", "n")
)

// Row is what the filter selects.
type Row struct {
	ID    int64
	Plant string
	Power float64
}

func filter(ctx context.Context, line string, emit func(Row)) error {
	var e struct {
		ID    int64   `json:"id"`
		Plant string  `json:"plant"`
		Power float64 `json:"power"`
		Temp  float64 `json:"temp"`
	}
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		return err
	}
	events.Inc(ctx, 1)
	if e.Power > 900 && e.Temp < 40 {
		emit(Row{e.ID, e.Plant, e.Power * 1.1})
	}
	return nil
}

func countRow(ctx context.Context, _ Row) { rows.Inc(ctx, 1) }

// read gives the event its own time.
func read(ctx context.Context, line string, emit func(beam.EventTime, string, float64)) error {
	var e struct {
		Plant string    `json:"plant"`
		TS    time.Time `json:"ts"`
		Power float64   `json:"power"`
	}
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		return err
	}
	events.Inc(ctx, 1)
	emit(mtime.FromTime(e.TS), e.Plant, e.Power)
	return nil
}

// Stats is an accumulator.
type Stats struct {
	N              int64
	Sum, Low, High float64
}

// Summary is a row of a window.
type Summary struct {
	N               int64
	Mean, Low, High float64
}

type combine struct{}

func (*combine) CreateAccumulator() Stats { return Stats{} }

func (*combine) AddInput(s Stats, power float64) Stats {
	return merge(s, Stats{1, power, power, power})
}

func (*combine) MergeAccumulators(a, b Stats) Stats { return merge(a, b) }

func (*combine) ExtractOutput(s Stats) Summary {
	return Summary{s.N, s.Sum / float64(s.N), s.Low, s.High}
}

func merge(a, b Stats) Stats {
	switch {
	case a.N == 0:
		return b
	case b.N == 0:
		return a
	}
	return Stats{a.N + b.N, a.Sum + b.Sum, min(a.Low, b.Low), max(a.High, b.High)}
}

func countWindow(ctx context.Context, _ string, s Summary) {
	rows.Inc(ctx, 1)
	inRows.Inc(ctx, s.N)
}

// The SDK asks programs to register their functions: without it each call
// goes through reflection.
func init() {
	register.Function3x1(filter)
	register.Emitter1[Row]()
	register.Function2x0(countRow)
	register.Function3x1(read)
	register.Emitter3[beam.EventTime, string, float64]()
	register.Combiner3[Stats, float64, Summary](&combine{})
	register.Function3x0(countWindow)
}
