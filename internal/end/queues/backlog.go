package queues

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

// Backlog is how many messages the queue has, those that are under way included. A queue
// that does not exist has none.
func (t *Trigger) Backlog(ctx context.Context) (scale.Backlog, error) {
	b := scale.Backlog{Kind: scale.Queue, Target: t.config.BatchSize}
	if t.limit != nil {
		b.Target = t.limit.Most()
	}
	q, err := t.end.Queues.Open(ctx, t.conn, t.queue, Process)
	if fault.Is(err, fault.NotFound) {
		return b, nil
	}
	if err != nil {
		return b, wrap(err, t.queue)
	}
	n, err := q.Length(ctx)
	if fault.Is(err, fault.Gone) || fault.Is(err, fault.NotFound) {
		return b, nil
	}
	b.Length = int64(n)
	return b, err
}
