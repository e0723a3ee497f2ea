package blobs

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

// Backlog is how many blobs were found and not worked on: the messages of the function's
// own queue. Its pump takes as many together as Azure's host does from its queue of blobs,
// so that is what an instance is to have.
func (t *Trigger) Backlog(ctx context.Context) (scale.Backlog, error) {
	b := scale.Backlog{Kind: scale.Blob}
	b.Target, _ = t.config.batches()
	if t.limit != nil {
		b.Target = t.limit.Most()
	}
	work := t.works.Load()
	if work == nil {
		return b, nil // the container does not exist yet
	}
	n, err := (*work).Length(ctx)
	if fault.Is(err, fault.Gone) || fault.Is(err, fault.NotFound) {
		return b, nil
	}
	b.Length = int64(n)
	return b, err
}
