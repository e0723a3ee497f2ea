package portal

import (
	"strconv"
	"strings"
)

// JobState is a job in a Snapshot.
type JobState struct {
	Name         string            `json:"name"`
	State        string            `json:"state"` // stopped, starting, running, degraded, stopping or failed
	Start        string            `json:"start"` // how the run was begun
	StartedAt    int64             `json:"startedAt"`
	Lanes        int               `json:"lanes"`
	Inputs       []JobInputState   `json:"inputs"`
	Outputs      []JobOutputState  `json:"outputs"`
	In           float64           `json:"in"`  // rate
	Out          float64           `json:"out"` // rate
	DelayMs      float64           `json:"delayMs"`
	Backlog      int64             `json:"backlog"`
	Counts       map[string]int64  `json:"counts"` // events by what became of them
	Checkpoints  int64             `json:"checkpoints"`
	CheckpointAt int64             `json:"checkpointAt"` // unix milliseconds; 0 before the first
	StateBytes   int64             `json:"stateBytes"`
	HeldRows     int64             `json:"heldRows"`
	Functions    []string          `json:"functions"`
	LastError    string            `json:"lastError,omitempty"`
	DataErrors   []JobDataErrors   `json:"dataErrors,omitempty"`
	Blocked      map[string]string `json:"blocked,omitempty"`
	Failed       string            `json:"failed,omitempty"`
	Warnings     []JobWarning      `json:"warnings"`
}

// JobInputState is an input of a JobState. A reference input has no numbers.
type JobInputState struct {
	JobEnd
	In         float64          `json:"in"`  // rate
	Lag        int64            `json:"lag"` // of all partitions
	Counts     map[string]int64 `json:"counts,omitempty"`
	Partitions []JobPartition   `json:"partitions,omitempty"`
}

// JobOutputState is an output of a JobState.
type JobOutputState struct {
	JobEnd
	Out     float64          `json:"out"` // rate
	Counts  map[string]int64 `json:"counts"`
	Blocked string           `json:"blocked,omitempty"`
}

// rateOf turns a counter into events per second.
type rateOf func(key string, total int64) float64

// state translates the numbers of a job.
func (j *Job) state(rate rateOf) JobState {
	n := j.Numbers()
	key := "job/" + j.Name + "/" + strconv.FormatInt(n.StartedAt.UnixNano(), 36) // a new run counts from 0
	s := JobState{
		Name: j.Name, State: n.State, Start: n.Start, Lanes: n.Lanes,
		Inputs: make([]JobInputState, len(j.Inputs)), Outputs: make([]JobOutputState, len(j.Outputs)),
		In: rate(key+"/in", n.In), Out: rate(key+"/out", n.Out),
		DelayMs: n.DelayMs, Backlog: n.Backlog, LastError: n.LastError, DataErrors: n.DataErrors, Blocked: n.Blocked, Failed: n.Failed,
		Counts: map[string]int64{
			"in": n.In, "out": n.Out, "late": n.Late, "early": n.Early, "outOfOrder": n.OutOfOrder, "dropped": n.Dropped,
			"malformed": n.Malformed, "conversion": n.ConversionErrors, "runtime": n.RuntimeErrors, "output": n.OutputErrors,
		},
		Checkpoints: n.Checkpoints, StateBytes: n.StateBytes, HeldRows: n.HeldRows,
		Functions: append([]string{}, n.Functions...), Warnings: append([]JobWarning{}, n.Warnings...),
	}
	if !n.CheckpointAt.IsZero() {
		s.CheckpointAt = n.CheckpointAt.UnixMilli()
	}
	if !n.StartedAt.IsZero() {
		s.StartedAt = n.StartedAt.UnixMilli()
	}
	for i, end := range j.Inputs {
		s.Inputs[i] = JobInputState{JobEnd: end}
		for _, in := range n.Inputs {
			if strings.EqualFold(in.Name, end.Name) {
				s.Inputs[i].fill(in, key, rate)
			}
		}
	}
	for i, end := range j.Outputs {
		s.Outputs[i] = JobOutputState{JobEnd: end, Counts: map[string]int64{"out": 0, "errors": 0}}
		for _, out := range n.Outputs {
			if strings.EqualFold(out.Name, end.Name) {
				s.Outputs[i].Out = rate(key+"/out/"+out.Name, out.Out)
				s.Outputs[i].Counts["out"], s.Outputs[i].Counts["errors"] = out.Out, out.Errors
				s.Outputs[i].Blocked = out.Blocked
			}
		}
	}
	return s
}

func (s *JobInputState) fill(n JobInputNumbers, key string, rate rateOf) {
	s.In = rate(key+"/in/"+n.Name, n.Counts["in"])
	s.Counts, s.Partitions = n.Counts, n.Partitions
	for _, p := range n.Partitions {
		s.Lag += p.Lag
	}
}
