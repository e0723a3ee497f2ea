package hubs

import (
	"net/http"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

const maxBuckets = 200

// Counted is the answer to GET …/events:count?from=&to=&buckets=: how many of the
// events that are kept came in each bucket of a span of time.
type Counted struct {
	T     []int64 `json:"t"` // beginnings of the buckets, unix milliseconds
	Count []int64 `json:"count"`
	Step  int64   `json:"step"` // ms
}

// countEvents counts without reading an event: sequence numbers have no gaps, so
// where a time begins in each partition is enough.
func (p *page) countEvents(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	if err != nil {
		return err
	}
	var n [3]int64
	for i, name := range []string{"from", "to", "buckets"} {
		if n[i], err = portal.Number(r, name, 0); err != nil {
			return err
		}
	}
	from, to, buckets := n[0], n[1], min(max(n[2], 1), maxBuckets)
	if from >= to || to > latest {
		return fault.New(fault.Invalid, "from", "it must be before to, both in milliseconds since 1970")
	}
	step := max(1, (to-from+buckets-1)/buckets)
	out := Counted{Step: step}
	for at := from; at < to; at += step {
		out.T = append(out.T, at)
	}
	out.Count = make([]int64, len(out.T))
	for id := range t.hub.PartitionCount() {
		part, err := t.hub.Partition(id)
		if err != nil {
			return err
		}
		c := counter{part: part, out: &out}
		if err := c.count(); err != nil {
			return err
		}
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// counter counts a partition's events into buckets.
type counter struct {
	part *broker.Partition
	out  *Counted
}

func (c *counter) count() error {
	n := len(c.out.T)
	first, err := c.at(0)
	if err != nil {
		return err
	}
	end, err := c.at(n)
	if err != nil {
		return err
	}
	return c.between(0, n, first, end)
}

// at is the sequence number at the beginning of a bucket.
func (c *counter) at(bucket int) (int64, error) {
	ms := c.out.T[0] + int64(bucket)*c.out.Step
	if ms <= 0 {
		return c.part.Info().BeginSequence, nil
	}
	reader, err := c.part.NewReader(broker.EnqueuedTime(time.UnixMilli(ms), true))
	if err != nil {
		return 0, err
	}
	defer reader.Close()
	return reader.Sequence(), nil
}

// between counts the buckets i to j, whose events are known to be first to end:
// where none is there is nothing to look for.
func (c *counter) between(i, j int, first, end int64) error {
	if first >= end {
		return nil
	}
	if j-i == 1 {
		c.out.Count[i] += end - first
		return nil
	}
	half := (i + j) / 2
	middle, err := c.at(half)
	if err != nil {
		return err
	}
	if err := c.between(i, half, first, middle); err != nil {
		return err
	}
	return c.between(half, j, middle, end)
}
