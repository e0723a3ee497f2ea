package stream

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// feedCounters are the numbers of one partition of an input.
type feedCounters struct {
	in, bytes           atomic.Int64
	late, early         atomic.Int64
	outOfOrder, dropped atomic.Int64
	errors              errorCounts
	backlog             atomic.Int64
	next                atomic.Int64 // one more than feed.next: 0 before the first event
	watermark           atomic.Int64 // ticks; 0 before the first event
}

// InputMetrics are the numbers of one stream input since the job started.
type InputMetrics struct {
	Name string
	// Events, and what became of those that did not stay as they came; see
	// Metrics.
	Events, Bytes                  int64
	Late, Early                    int64
	OutOfOrder, Dropped            int64
	Malformed, Conversion, Backlog int64
	Partitions                     []PartitionMetrics // in the order of their numbers
}

// PartitionMetrics say how far a job is with a partition.
type PartitionMetrics struct {
	Partition int
	Next      int64 // offset behind the last event taken; -1 before the first
	Backlog   int64 // events behind the last one read, where the source can tell
	Watermark int64 // ticks; 0 before the first event
}

// OutputMetrics are the numbers of one output since the job started.
type OutputMetrics struct {
	Name    string
	Rows    int64
	Errors  int64     // writes that failed; a write that is tried again counts each time
	Blocked string    // why it takes no rows now, or ""
	Since   time.Time // when it began to take none; zero when it does
}

// Inputs returns the numbers of each stream input, in the order of the program,
// once the job runs.
func (j *Job) Inputs() []InputMetrics {
	lanes := j.running()
	var all []InputMetrics
	for _, in := range j.opts.Program.Inputs {
		if in.Reference {
			continue
		}
		m := InputMetrics{Name: in.Name}
		for _, l := range lanes {
			for _, f := range l.feeds {
				if f.input == in {
					m.add(f)
				}
			}
		}
		slices.SortFunc(m.Partitions, func(a, b PartitionMetrics) int { return cmp.Compare(a.Partition, b.Partition) })
		all = append(all, m)
	}
	return all
}

func (m *InputMetrics) add(f *feed) {
	n := &f.numbers
	m.Events += n.in.Load()
	m.Bytes += n.bytes.Load()
	m.Late += n.late.Load()
	m.Early += n.early.Load()
	m.OutOfOrder += n.outOfOrder.Load()
	m.Dropped += n.dropped.Load()
	m.Malformed += n.errors.n[InvalidData].Load()
	m.Conversion += n.errors.conversions()
	m.Backlog += n.backlog.Load()
	m.Partitions = append(m.Partitions, PartitionMetrics{
		Partition: f.partition, Next: n.next.Load() - 1, Backlog: n.backlog.Load(), Watermark: n.watermark.Load(),
	})
}

// publish makes what only the lane knows about a partition visible.
func (f *feed) publish() {
	f.numbers.next.Store(f.next + 1)
	if wm := f.wm(); wm > minTime && wm < endOfTime {
		f.numbers.watermark.Store(wm)
	}
}

// Outputs returns the numbers of each output, in the order of the program, once
// the job runs.
func (j *Job) Outputs() []OutputMetrics {
	lanes := j.running()
	var all []OutputMetrics
	for _, out := range j.opts.Program.Outputs {
		m := OutputMetrics{Name: out.Name}
		for _, l := range lanes {
			for _, o := range l.outputs {
				if strings.EqualFold(o.name, out.Name) {
					m.add(o)
				}
			}
		}
		all = append(all, m)
	}
	return all
}

func (m *OutputMetrics) add(o *output) {
	c := o.env.counters
	c.mu.Lock()
	defer c.mu.Unlock()
	m.Rows += c.written[o.name]
	m.Errors += c.refused[o.name]
	b, ok := c.blocked[o.name]
	if ok && (m.Since.IsZero() || b.since.Before(m.Since)) {
		m.Blocked, m.Since = b.why, b.since
	}
}

func (j *Job) running() []*lane {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lanes
}

// Lanes is how many lanes run.
func (j *Job) Lanes() int { return len(j.running()) }
