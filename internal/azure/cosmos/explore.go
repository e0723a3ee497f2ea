package cosmos

import (
	"context"
	"errors"
	"time"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Exploration is one page of a query that somebody in this process asks, as
// the portal's Data Explorer does: the wire operation without the wire.
type Exploration struct {
	Container    *docstore.Container
	Text         string            // the query
	Parameters   map[string][]byte // "@name" to a JSON value
	MaxItems     int               // rows of the page; 0 or less: as many as fit
	MaxBytes     int               // likewise in bytes; 0 or less: 4 MB
	Continuation string            // of the page before, or ""
}

// Explored is its answer: what item.query would have replied, and how the rows
// were reached.
type Explored struct {
	Rows         [][]byte // JSON values
	Continuation string
	Charge       float64 // request units, by the model of charge.go
	Explain      string  // the plan in words
	Stats        cosmossql.Stats
	Duration     time.Duration
}

// Explore runs the query over all partitions. Its error is a
// *cosmossql.SyntaxError, which knows the place, or has a fault.Kind.
func (s *Service) Explore(ctx context.Context, e Exploration) (*Explored, error) {
	began := time.Now()
	parsed, err := s.plans.parse(e.Text)
	if err != nil {
		return nil, err
	}
	src := newItemSource(e.Container, e.Container.Spec().PartitionKey.Paths, nil, keyRangeFilter{})
	plan, err := cosmossql.Compile(parsed, e.Parameters, src.info())
	if err != nil {
		return nil, err
	}
	page, err := plan.Run(ctx, src, cosmossql.RunOptions{
		MaxItems: e.MaxItems, MaxBytes: e.MaxBytes, Continuation: e.Continuation, Now: s.now(),
	})
	if errors.Is(err, cosmossql.ErrContinuation) {
		return nil, fault.Wrap(fault.Invalid, "continuation", err, "it cannot be used")
	}
	if err != nil {
		return nil, err
	}
	bytes := 0
	for _, row := range page.Rows {
		bytes += len(row)
	}
	return &Explored{
		Rows: page.Rows, Continuation: page.Continuation, Explain: plan.Explain(), Stats: page.Stats,
		Charge: chargeQuery(page.Stats.Documents, page.Stats.DocBytes, bytes), Duration: time.Since(began),
	}, nil
}
