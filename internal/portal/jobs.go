package portal

import (
	"context"
	"slices"
	"time"
)

// Job is a stream job, as the Stream jobs page shows it.
type Job struct {
	Name    string
	Inputs  []JobEnd
	Outputs []JobEnd
	// About describes the query that runs, or would: it may be edited between
	// two starts.
	About func() JobAbout
	// Numbers reads the job's counters. It is called once a second.
	Numbers func() JobNumbers
	// Start begins a job that stands; start is last, now, all or an RFC 3339
	// time. Stop ends one that runs. Both return when it is done.
	Start func(ctx context.Context, start string) error
	Stop  func(ctx context.Context) error
}

// JobAbout is the answer to GET /api/jobs/{job}.
type JobAbout struct {
	Name      string     `json:"name"`
	Query     string     `json:"query"`
	Explain   string     `json:"explain"`
	Parallel  bool       `json:"parallel"` // partitions run apart
	LanesText string     `json:"lanesText"`
	Inputs    []JobEnd   `json:"inputs"`
	Outputs   []JobEnd   `json:"outputs"`
	Diagram   JobDiagram `json:"diagram"`
}

// JobDiagram is the query's plan, from the inputs to the outputs.
type JobDiagram struct {
	Nodes []JobNode `json:"nodes"`
	Edges []JobEdge `json:"edges"`
}

// JobNode is an input, an operator or an output.
type JobNode struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`   // input, reference, output, or the operator's: filter, tumbling, join, …
	Label  string `json:"label"`  // of an input or output its name
	Detail string `json:"detail"` // the whole operator in one line
	Step   string `json:"step"`   // of WITH, or ""
}

// JobEdge leads rows from a node to the next.
type JobEdge struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// JobEnd is an input or output: its name in the query and what it is bound to.
type JobEnd struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`            // hub, container, function, dataset or file
	Target string `json:"target"`          // a hub, database/container, app/route, a dataset, a path
	Group  string `json:"group,omitempty"` // of a hub that is read: the consumer group
	// Reference inputs are tables; they have no numbers.
	Reference bool `json:"reference,omitempty"`
}

// JobNumbers are a job's counters since it started.
type JobNumbers struct {
	State            string // stopped, starting, running, degraded, stopping or failed
	Start            string // how the run was begun: last, now, all or a time
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
	DataErrors       []JobDataErrors   // what was left out and why, the most frequent first
	Blocked          map[string]string // outputs that do not take rows, and why
	Failed           string            // why the job does not run, or ""
	Functions        []string          // JavaScript functions, as in udf.name
	Inputs           []JobInputNumbers
	Outputs          []JobOutputNumbers
	Warnings         []JobWarning
}

// JobInputNumbers are the counters of a stream input.
type JobInputNumbers struct {
	Name       string
	Counts     map[string]int64 // in, late, early, outOfOrder, dropped, malformed, conversion
	Partitions []JobPartition
}

// JobPartition says how far a job is with a partition.
type JobPartition struct {
	ID      int     `json:"id"`
	Next    int64   `json:"next"`    // sequence number that is read next; -1 before the first event
	Lag     int64   `json:"lag"`     // events between that and the partition's end
	DelayMs float64 `json:"delayMs"` // of its watermark behind the clock; 0 before the first event
}

// JobOutputNumbers are the counters of an output.
type JobOutputNumbers struct {
	Name        string
	Out, Errors int64
	Blocked     string
}

// JobDataErrors are the events of an input, or rows, that were left out for one
// reason since the start.
type JobDataErrors struct {
	Kind   string `json:"kind"`  // the vendor's name, as InputDeserializerError.InvalidData
	Input  string `json:"input"` // "" for rows
	Events int64  `json:"events"`
	Last   string `json:"last"` // what was wrong with the last one
}

// JobWarning says what is wrong with the events of an input, and what to do.
type JobWarning struct {
	Kind        string  `json:"kind"` // clockAhead, clockBehind, partitionKey or retention
	Input       string  `json:"input"`
	Events      int64   `json:"events"`      // since the start
	OffsetHours float64 `json:"offsetHours"` // of the last event's time from its arrival
	Example     string  `json:"example"`     // its partition key, or the head of its body
	At          int64   `json:"at"`          // unix milliseconds
	Text        string  `json:"text"`
}

// SetJobs says which stream jobs there are. It comes before Run: jobs may
// write to the portal's datasets, so they are made after it.
func (s *Server) SetJobs(jobs []Job) { s.jobs = slices.Clone(jobs) }
