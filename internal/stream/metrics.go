package stream

import (
	"sync"
	"sync/atomic"
	"time"
)

// counters are the numbers of one lane that belong to no input.
type counters struct {
	out             atomic.Int64
	dropped         atomic.Int64
	outputErrors    atomic.Int64
	watermark       atomic.Int64
	checkpoints     atomic.Int64
	checkpointBytes atomic.Int64
	checkpointAt    atomic.Int64
	held            atomic.Int64
	errors          errorCounts // of kind QueryRuntime

	mu      sync.Mutex
	last    string           // guarded by mu: the last data error
	blocked map[string]block // guarded by mu: what outputs wait on
	written map[string]int64 // guarded by mu: rows by output
	refused map[string]int64 // guarded by mu: failed writes by output
}

// block is what an output waits on, and since when.
type block struct {
	why   string
	since time.Time
}

func (c *counters) dataError(err error) {
	c.errors.add(QueryRuntime, err)
	c.note(err)
}

func (c *counters) note(err error) {
	c.mu.Lock()
	c.last = err.Error()
	c.mu.Unlock()
}

// wrote and failed count what became of a write to an output.
func (c *counters) wrote(output string, rows int) {
	c.out.Add(int64(rows))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.written == nil {
		c.written = make(map[string]int64)
	}
	c.written[output] += int64(rows)
}

func (c *counters) failed(output string, err error) {
	c.outputErrors.Add(1)
	c.note(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused == nil {
		c.refused = make(map[string]int64)
	}
	c.refused[output]++
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
		c.blocked = make(map[string]block)
	}
	since := time.Now()
	if before, ok := c.blocked[output]; ok {
		since = before.since
	}
	c.blocked[output] = block{err.Error(), since}
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
	CheckpointBytes       int64             `json:"checkpointBytes"`      // of the last one
	CheckpointAt          int64             `json:"checkpointAt"`         // ticks; the oldest of the lanes' last ones; 0 before the first
	DataErrors            []DataErrors      `json:"dataErrors,omitempty"` // what was left out and why, the most frequent first
	LastError             string            `json:"lastError,omitempty"`
	Blocked               map[string]string `json:"blocked,omitempty"` // outputs that do not take rows, and why
}

func (m *Metrics) add(l *lane) {
	for _, f := range l.feeds {
		m.addFeed(&f.numbers)
	}
	c := l.env.counters
	m.OutputEvents += c.out.Load()
	m.DroppedEvents += c.dropped.Load()
	m.RuntimeErrors += c.errors.n[QueryRuntime].Load()
	m.OutputErrors += c.outputErrors.Load()
	m.HeldRows += c.held.Load()
	m.Checkpoints += c.checkpoints.Load()
	m.CheckpointBytes += c.checkpointBytes.Load()
	if at := c.checkpointAt.Load(); at != 0 && (m.CheckpointAt == 0 || at < m.CheckpointAt) {
		m.CheckpointAt = at
	}
	if wm := c.watermark.Load(); wm != 0 && (m.Watermark == 0 || wm < m.Watermark) {
		m.Watermark = wm
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != "" {
		m.LastError = c.last
	}
	for output, b := range c.blocked {
		if m.Blocked == nil {
			m.Blocked = make(map[string]string)
		}
		m.Blocked[output] = b.why
	}
}

func (m *Metrics) addFeed(n *feedCounters) {
	m.InputEvents += n.in.Load()
	m.InputBytes += n.bytes.Load()
	m.LateEvents += n.late.Load()
	m.EarlyEvents += n.early.Load()
	m.OutOfOrderEvents += n.outOfOrder.Load()
	m.DroppedEvents += n.dropped.Load()
	m.DeserializationErrors += n.errors.n[InvalidData].Load()
	m.ConversionErrors += n.errors.conversions()
	m.BackloggedEvents += n.backlog.Load()
}
