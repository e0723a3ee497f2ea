package container

import (
	"context"
	"encoding/json"

	"github.com/lazuli-dev/lazuli/changefeed"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

// scaledPage is how many changes an instance is to have where the binding does not say:
// Azure's default of maxItemsPerInvocation for scaling.
const scaledPage = 100

// processes is what a trigger that runs reads.
type processes struct {
	feed   changefeed.Source
	leases changefeed.LeaseStore
}

// Backlog estimates how many changes come after the positions of all leases, whoever has
// them: the difference of sequence numbers, which counts a document that changed twice as
// two. Without leases one instance is needed, which makes them.
func (t *Trigger) Backlog(ctx context.Context) (scale.Backlog, error) {
	b := scale.Backlog{Kind: scale.CosmosDB, Target: scaledPage}
	if t.o.Binding.Text("maxItemsPerInvocation") != "" {
		b.Target = t.page
	}
	now := t.reads.Load()
	if now == nil {
		return b, fault.New(fault.Unavailable, t.describe(), "it is not open")
	}
	id, err := now.feed.Identity(ctx)
	if err != nil {
		return b, err
	}
	docs, err := now.leases.List(ctx, t.leasePrefix+id.AccountHost+"_"+id.DatabaseRID+"_"+id.ContainerRID+"..")
	if err != nil {
		return b, err
	}
	if b.Partitions = len(docs); b.Partitions == 0 {
		b.Length = 1
		return b, nil
	}
	for _, text := range docs {
		behind, err := t.behind(ctx, now.feed, text)
		if err != nil {
			return b, err
		}
		b.Length += behind
	}
	return b, nil
}

// behind is how far the end of a range is from the position of its lease.
func (t *Trigger) behind(ctx context.Context, feed changefeed.Source, lease json.RawMessage) (int64, error) {
	var doc struct {
		LeaseToken        string
		ContinuationToken *string
		FeedRange         struct {
			Range struct {
				Min string `json:"min"`
				Max string `json:"max"`
			}
		}
	}
	if err := json.Unmarshal(lease, &doc); err != nil {
		return 0, fault.Wrap(fault.Invalid, "a lease of "+t.describe(), err, "it is no lease")
	}
	end, err := feed.Now(ctx, changefeed.Range{ID: doc.LeaseToken, Min: doc.FeedRange.Range.Min, Max: doc.FeedRange.Range.Max})
	if err != nil {
		return 0, err
	}
	last, err := readPosition(end)
	if err != nil || doc.ContinuationToken == nil {
		return int64(last), err
	}
	at, err := readPosition(*doc.ContinuationToken)
	if err != nil {
		return 0, err
	}
	return max(0, int64(last)-int64(at)), nil
}
