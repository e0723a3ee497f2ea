package jobs

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// Numbers are a job's counters since it started.
type Numbers struct {
	State            string    // stopped, starting, running, degraded, stopping or failed
	Since            time.Time // when State was entered
	Start            string    // how the run was begun: last, now, all or a time
	StartedAt        time.Time
	Lanes            int
	In, Out          int64
	Backlog          int64
	DelayMs          float64 // of the watermark behind the clock
	Late, Early      int64
	OutOfOrder       int64
	Dropped          int64
	Malformed        int64
	ConversionErrors int64
	RuntimeErrors    int64
	OutputErrors     int64
	Checkpoints      int64
	CheckpointAt     time.Time // of the last one; zero before the first
	StateBytes       int64     // of the last checkpoint
	HeldRows         int64     // that wait for the watermark
	LastError        string
	DataErrors       []DataErrors      // what was left out and why, the most frequent first
	Blocked          map[string]string // outputs that do not take rows, and why
	Failed           string            // why the job does not run, or ""
	Functions        []string          // JavaScript functions, as in udf.name
	Inputs           []InputNumbers
	Outputs          []OutputNumbers
	Warnings         []Warning
}

// InputNumbers are the counters of a stream input.
type InputNumbers struct {
	Name       string
	Counts     map[string]int64 // in, late, early, outOfOrder, dropped, malformed, conversion
	Partitions []Partition
}

// OutputNumbers are the counters of an output.
type OutputNumbers struct {
	Name        string
	Out, Errors int64
	Blocked     string
	Since       time.Time // when it was blocked; zero when it is not
}

// Partition says how far a job is with a partition.
type Partition struct {
	ID      int     `json:"id"`
	Next    int64   `json:"next"`    // sequence number that is read next; -1 before the first event
	Lag     int64   `json:"lag"`     // events between that and the partition's end
	Late    bool    `json:"late"`    // that is worth a warning
	DelayMs float64 `json:"delayMs"` // of its watermark behind the clock; 0 before the first event
}

// DataErrors are the events of an input, or rows, that were left out for one
// reason since the start.
type DataErrors struct {
	Kind   string `json:"kind"`  // the vendor's name, as InputDeserializerError.InvalidData
	Input  string `json:"input"` // "" for rows
	Events int64  `json:"events"`
	Last   string `json:"last"` // what was wrong with the last one
}

// Warning says what is wrong with the events of an input, and what to do.
type Warning struct {
	Kind        string  `json:"kind"` // clockAhead, clockBehind, partitionKey, retention, reference or blob
	Input       string  `json:"input"`
	Events      int64   `json:"events"`      // since the start
	OffsetHours float64 `json:"offsetHours"` // of the last event's time from its arrival
	Example     string  `json:"example"`     // its partition key, or the head of its body
	At          int64   `json:"at"`          // unix milliseconds
	Text        string  `json:"text"`
}

// NumbersOf translates the job's metrics.
func NumbersOf(j *jobs.Job) Numbers {
	s := j.Status()
	n := Numbers{State: s.State, Since: s.Since, Start: s.Start, StartedAt: s.StartedAt, Failed: s.Failed, Functions: s.Functions}
	job := s.Job
	if job == nil {
		return n
	}
	m := job.Metrics()
	n.In, n.Out = m.InputEvents, m.OutputEvents
	n.Late, n.Early, n.OutOfOrder, n.Dropped = m.LateEvents, m.EarlyEvents, m.OutOfOrderEvents, m.DroppedEvents
	n.Malformed, n.ConversionErrors = m.DeserializationErrors, m.ConversionErrors
	n.RuntimeErrors, n.OutputErrors = m.RuntimeErrors, m.OutputErrors
	n.Checkpoints, n.StateBytes, n.HeldRows = m.Checkpoints, m.CheckpointBytes, m.HeldRows
	if m.CheckpointAt != 0 {
		n.CheckpointAt = stream.TimeOf(m.CheckpointAt)
	}
	n.LastError = m.LastError
	for _, e := range m.DataErrors {
		n.DataErrors = append(n.DataErrors, DataErrors(e))
	}
	for _, in := range job.Inputs() {
		shown := inputNumbers(j, in, n.State == jobs.Running)
		for _, p := range shown.Partitions {
			n.Backlog += p.Lag
		}
		n.Inputs = append(n.Inputs, shown)
	}
	for _, out := range job.Outputs() {
		n.Outputs = append(n.Outputs, OutputNumbers{Name: out.Name, Out: out.Rows, Errors: out.Errors, Blocked: out.Blocked, Since: out.Since})
	}
	n.Warnings = warningsOf(j, job)
	if n.State == jobs.Running {
		n.Lanes, n.DelayMs = job.Lanes(), milliseconds(job.WatermarkDelay())
		if n.Blocked = m.Blocked; len(n.Blocked) > 0 {
			n.State, n.Since = jobs.Degraded, n.blockedSince()
		}
	}
	return n
}

// blockedSince is when the first of the outputs that take no rows began to.
func (n *Numbers) blockedSince() time.Time {
	first := time.Now() // the one that was seen may be free again
	for _, out := range n.Outputs {
		if !out.Since.IsZero() && out.Since.Before(first) {
			first = out.Since
		}
	}
	return first
}

func inputNumbers(j *jobs.Job, m stream.InputMetrics, running bool) InputNumbers {
	n := InputNumbers{Name: m.Name, Counts: map[string]int64{
		"in": m.Events, "late": m.Late, "early": m.Early, "outOfOrder": m.OutOfOrder, "dropped": m.Dropped,
		"malformed": m.Malformed, "conversion": m.Conversion,
	}}
	for _, p := range m.Partitions {
		shown := Partition{ID: p.Partition, Next: p.Next, Lag: p.Backlog}
		if lag, known := j.Behind(m.Name, p.Partition, p.Next); known && p.Next >= 0 {
			shown.Lag = lag
		}
		shown.Late = shown.Lag > backlogWarning
		if running && p.Watermark != 0 {
			shown.DelayMs = milliseconds(time.Since(stream.TimeOf(p.Watermark)))
		}
		n.Partitions = append(n.Partitions, shown)
	}
	return n
}

func jobWarning(w stream.ClockWarning) Warning {
	kind := "clockBehind"
	if w.Ahead {
		kind = "clockAhead"
	}
	return Warning{
		Kind: kind, Input: w.Input, Events: w.Events, OffsetHours: w.Offset.Hours(), Example: w.Example,
		At: w.At.UnixMilli(), Text: w.String(),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
