package hub

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/scale"
	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// Extents is a Hub that knows what its partitions hold.
type Extents interface {
	// Extent returns the sequence numbers of the first and the last event of a
	// partition; last is less than first when there is none.
	Extent(ctx context.Context, partition string) (first, last int64, err error)
}

// Extent implements Extents.
func (h *localHub) Extent(_ context.Context, partition string) (first, last int64, err error) {
	id, err := strconv.Atoi(partition)
	if err != nil {
		return 0, 0, fault.New(fault.NotFound, "partition "+partition, "is not a partition id")
	}
	p, err := h.hub.Partition(id)
	if err != nil {
		return 0, 0, err
	}
	info := p.Info()
	return info.BeginSequence, info.LastSequence, nil
}

// opened is what a trigger that runs reads.
type opened struct {
	hub   Hub
	blobs state.Blobs
}

// Backlog is how many events of the hub come after the group's checkpoints, whoever
// reads them; where there is none yet all events count, as for Azure's scale controller.
func (t *Trigger) Backlog(ctx context.Context) (scale.Backlog, error) {
	b := scale.Backlog{Kind: scale.EventHubs, Target: t.config.target()}
	now := t.reads.Load()
	if now == nil {
		return b, fault.New(fault.Unavailable, t.describe(), "it is not open")
	}
	extents, ok := now.hub.(Extents)
	if !ok {
		return b, fault.New(fault.Unavailable, t.describe(), "it does not tell how much it holds")
	}
	partitions, err := now.hub.Partitions(ctx)
	if err != nil {
		return b, err
	}
	done, err := newCheckpoints(t, now.hub, now.blobs).all(ctx)
	if err != nil {
		return b, err
	}
	b.Partitions = len(partitions)
	for _, p := range partitions {
		first, last, err := extents.Extent(ctx, p)
		if err != nil {
			return b, err
		}
		if at, found := done[p]; found {
			first = max(first, at+1)
		}
		b.Length += max(0, last-first+1)
	}
	return b, nil
}

// all returns the sequence numbers of all checkpoints, by partition.
func (c *checkpoints) all(ctx context.Context) (map[string]int64, error) {
	prefix := strings.ToLower(c.prefix) + "checkpoint/"
	marks, err := c.store.Marks(ctx, state.EventHubs, prefix)
	if err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	done := make(map[string]int64, len(marks))
	for _, m := range marks {
		if n, err := strconv.ParseInt(m.Metadata["sequencenumber"], 10, 64); err == nil {
			done[strings.TrimPrefix(m.Name, prefix)] = n
		}
	}
	return done, nil
}
