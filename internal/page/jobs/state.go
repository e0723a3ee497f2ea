package jobs

import (
	"strconv"
	"strings"
)

// State is a stream job: the topic "job:NAME".
type State struct {
	Name         string            `json:"name"`
	State        string            `json:"state"` // stopped, starting, running, degraded, stopping or failed
	Since        int64             `json:"since"` // unix milliseconds, when it entered the state
	Start        string            `json:"start"` // how the run was begun
	StartedAt    int64             `json:"startedAt"`
	Lanes        int               `json:"lanes"`
	Inputs       []InputState      `json:"inputs"`
	Outputs      []OutputState     `json:"outputs"`
	In           float64           `json:"in"`  // rate
	Out          float64           `json:"out"` // rate
	DelayMs      float64           `json:"delayMs"`
	Backlog      int64             `json:"backlog"`
	Late         bool              `json:"late"`   // the backlog is worth a warning
	Counts       map[string]int64  `json:"counts"` // events by what became of them
	Checkpoints  int64             `json:"checkpoints"`
	CheckpointAt int64             `json:"checkpointAt"` // unix milliseconds; 0 before the first
	StateBytes   int64             `json:"stateBytes"`
	HeldRows     int64             `json:"heldRows"`
	Functions    []string          `json:"functions"`
	LastError    string            `json:"lastError,omitempty"`
	DataErrors   []DataErrors      `json:"dataErrors,omitempty"`
	Blocked      map[string]string `json:"blocked,omitempty"`
	Failed       string            `json:"failed,omitempty"`
	Warnings     []Warning         `json:"warnings"`
}

// InputState is an input of a State. A reference input has no numbers.
type InputState struct {
	End
	In         float64          `json:"in"`   // rate
	Lag        int64            `json:"lag"`  // of all partitions
	Late       bool             `json:"late"` // that is worth a warning
	Counts     map[string]int64 `json:"counts,omitempty"`
	Partitions []Partition      `json:"partitions,omitempty"`
}

// OutputState is an output of a State.
type OutputState struct {
	End
	Out     float64          `json:"out"` // rate
	Counts  map[string]int64 `json:"counts"`
	Blocked string           `json:"blocked,omitempty"` // why it takes no rows
	Since   int64            `json:"since,omitempty"`   // unix milliseconds, when it was blocked
}

// rateOf turns a counter into events per second.
type rateOf func(key string, total int64) float64

// state translates the numbers of a job.
func (j *Job) state(rate rateOf) State {
	n := j.Numbers()
	key := "job/" + j.Name + "/" + strconv.FormatInt(n.StartedAt.UnixNano(), 36) // a new run counts from 0
	s := State{
		Name: j.Name, State: n.State, Start: n.Start, Lanes: n.Lanes,
		Inputs: make([]InputState, len(j.Inputs)), Outputs: make([]OutputState, len(j.Outputs)),
		In: rate(key+"/in", n.In), Out: rate(key+"/out", n.Out),
		DelayMs: n.DelayMs, Backlog: n.Backlog, Late: n.Backlog > backlogWarning, LastError: n.LastError, DataErrors: n.DataErrors, Blocked: n.Blocked, Failed: n.Failed,
		Counts: map[string]int64{
			"in": n.In, "out": n.Out, "late": n.Late, "early": n.Early, "outOfOrder": n.OutOfOrder, "dropped": n.Dropped,
			"malformed": n.Malformed, "conversion": n.ConversionErrors, "runtime": n.RuntimeErrors, "output": n.OutputErrors,
		},
		Checkpoints: n.Checkpoints, StateBytes: n.StateBytes, HeldRows: n.HeldRows,
		Functions: append([]string{}, n.Functions...), Warnings: append([]Warning{}, n.Warnings...),
	}
	if !n.CheckpointAt.IsZero() {
		s.CheckpointAt = n.CheckpointAt.UnixMilli()
	}
	if !n.Since.IsZero() {
		s.Since = n.Since.UnixMilli()
	}
	if !n.StartedAt.IsZero() {
		s.StartedAt = n.StartedAt.UnixMilli()
	}
	for i, end := range j.Inputs {
		s.Inputs[i] = InputState{End: end}
		for _, in := range n.Inputs {
			if strings.EqualFold(in.Name, end.Name) {
				s.Inputs[i].fill(in, key, rate)
			}
		}
	}
	for i, end := range j.Outputs {
		s.Outputs[i] = OutputState{End: end, Counts: map[string]int64{"out": 0, "errors": 0}}
		for _, out := range n.Outputs {
			if strings.EqualFold(out.Name, end.Name) {
				s.Outputs[i].Out = rate(key+"/out/"+out.Name, out.Out)
				s.Outputs[i].Counts["out"], s.Outputs[i].Counts["errors"] = out.Out, out.Errors
				s.Outputs[i].Blocked = out.Blocked
				if !out.Since.IsZero() {
					s.Outputs[i].Since = out.Since.UnixMilli()
				}
			}
		}
	}
	return s
}

func (s *InputState) fill(n InputNumbers, key string, rate rateOf) {
	s.In = rate(key+"/in/"+n.Name, n.Counts["in"])
	s.Counts, s.Partitions = n.Counts, n.Partitions
	for _, p := range n.Partitions {
		s.Lag += p.Lag
	}
	s.Late = s.Lag > backlogWarning
}
