package stream

import (
	"sync"
	"sync/atomic"
)

// counters are the numbers of one lane.
type counters struct {
	in, out               atomic.Int64
	inBytes               atomic.Int64
	late, early           atomic.Int64
	outOfOrder, dropped   atomic.Int64
	malformed, conversion atomic.Int64
	runtime, outputErrors atomic.Int64
	backlog               atomic.Int64
	watermark             atomic.Int64
	checkpoints           atomic.Int64
	checkpointBytes       atomic.Int64
	held                  atomic.Int64

	mu      sync.Mutex
	last    string            // guarded by mu: the last data error
	blocked map[string]string // guarded by mu: output to the error it waits on
}

func (c *counters) dataError(err error) {
	c.runtime.Add(1)
	c.note(err)
}

func (c *counters) note(err error) {
	c.mu.Lock()
	c.last = err.Error()
	c.mu.Unlock()
}

// block records that an output waits, or with nil that it does not.
func (c *counters) block(output string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		delete(c.blocked, output)
		return
	}
	if c.blocked == nil {
		c.blocked = make(map[string]string)
	}
	c.blocked[output] = err.Error()
}

// Metrics are the numbers of a job since it started.
type Metrics struct {
	InputEvents           int64             `json:"inputEvents"`
	InputBytes            int64             `json:"inputBytes"`
	OutputEvents          int64             `json:"outputEvents"`
	LateEvents            int64             `json:"lateEvents"`  // beyond the late tolerance: adjusted or dropped
	EarlyEvents           int64             `json:"earlyEvents"` // more than five minutes ahead of arrival: dropped
	OutOfOrderEvents      int64             `json:"outOfOrderEvents"`
	DroppedEvents         int64             `json:"droppedEvents"` // by the policy, of the late and out-of-order ones
	DeserializationErrors int64             `json:"deserializationErrors"`
	ConversionErrors      int64             `json:"conversionErrors"`
	RuntimeErrors         int64             `json:"runtimeErrors"`
	OutputErrors          int64             `json:"outputErrors"`
	BackloggedEvents      int64             `json:"backloggedEvents"` // read behind, where the source can tell
	HeldRows              int64             `json:"heldRows"`
	Watermark             int64             `json:"watermark"` // ticks; the lowest of the lanes; 0 before the first event
	Checkpoints           int64             `json:"checkpoints"`
	CheckpointBytes       int64             `json:"checkpointBytes"` // of the last one
	LastError             string            `json:"lastError,omitempty"`
	Blocked               map[string]string `json:"blocked,omitempty"` // outputs that do not take rows, and why
}

func (m *Metrics) add(c *counters) {
	m.InputEvents += c.in.Load()
	m.InputBytes += c.inBytes.Load()
	m.OutputEvents += c.out.Load()
	m.LateEvents += c.late.Load()
	m.EarlyEvents += c.early.Load()
	m.OutOfOrderEvents += c.outOfOrder.Load()
	m.DroppedEvents += c.dropped.Load()
	m.DeserializationErrors += c.malformed.Load()
	m.ConversionErrors += c.conversion.Load()
	m.RuntimeErrors += c.runtime.Load()
	m.OutputErrors += c.outputErrors.Load()
	m.BackloggedEvents += c.backlog.Load()
	m.HeldRows += c.held.Load()
	m.Checkpoints += c.checkpoints.Load()
	m.CheckpointBytes += c.checkpointBytes.Load()
	if wm := c.watermark.Load(); wm != 0 && (m.Watermark == 0 || wm < m.Watermark) {
		m.Watermark = wm
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != "" {
		m.LastError = c.last
	}
	for output, why := range c.blocked {
		if m.Blocked == nil {
			m.Blocked = make(map[string]string)
		}
		m.Blocked[output] = why
	}
}
