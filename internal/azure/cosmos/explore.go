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
	Partition    *docstore.PartitionKey // the only one to look in; nil: all
	Text         string                 // the query
	Parameters   map[string][]byte      // "@name" to a JSON value
	MaxItems     int                    // rows of the page; 0 or less: as many as fit
	MaxBytes     int                    // likewise in bytes; 0 or less: 4 MB
	Continuation string                 // of the page before, or ""
}

// Explored is its answer: what item.query would have replied, and how the rows
// were reached.
type Explored struct {
	Rows         [][]byte // JSON values
	Continuation string
	Charge       float64 // request units, by the model of charge.go
	Explain      string  // the plan in words
	Walks        Walks   // what this page walked over
	Stats        cosmossql.Stats
	Compiled     time.Duration // parsing and planning
	Duration     time.Duration // all of it
}

// Explore runs the query. Its error is a
// *cosmossql.SyntaxError, which knows the place, or has a fault.Kind.
func (s *Service) Explore(ctx context.Context, e Exploration) (*Explored, error) {
	began := time.Now()
	src := &watchedSource{itemSource: newItemSource(e.Container, e.Container.Spec().PartitionKey.Paths, e.Partition, keyRangeFilter{})}
	plan, err := s.plan(src.itemSource, e)
	if err != nil {
		return nil, err
	}
	compiled := time.Since(began)
	page, err := plan.Run(ctx, src, cosmossql.RunOptions{
		MaxItems: e.MaxItems, MaxBytes: e.MaxBytes, Continuation: e.Continuation, Now: s.now(),
	})
	if errors.Is(err, cosmossql.ErrContinuation) {
		return nil, fault.Wrap(fault.Invalid, "continuation", err, "it cannot be used")
	}
	if err != nil {
		return nil, err
	}
	if page.Stats.Counted && src.walks.By == "" {
		src.walks.By = "count"
	}
	bytes := 0
	for _, row := range page.Rows {
		bytes += len(row)
	}
	return &Explored{
		Rows: page.Rows, Continuation: page.Continuation, Explain: plan.Explain(), Walks: src.walks, Stats: page.Stats,
		Charge:   chargeQuery(page.Stats.Documents, page.Stats.DocBytes, bytes),
		Compiled: compiled, Duration: time.Since(began),
	}, nil
}

// CheckQuery reads and plans a query without running it. Its error is as
// Explore's.
func (s *Service) CheckQuery(e Exploration) error {
	_, err := s.plan(newItemSource(e.Container, e.Container.Spec().PartitionKey.Paths, nil, keyRangeFilter{}), e)
	return err
}

func (s *Service) plan(src *itemSource, e Exploration) (*cosmossql.Plan, error) {
	parsed, err := s.plans.parse(e.Text)
	if err != nil {
		return nil, err
	}
	return cosmossql.Compile(parsed, e.Parameters, src.info())
}

// Walks is what a page walked over.
type Walks struct {
	// By is the costliest kind of walk among them: "count" from counters alone,
	// "point" documents by id, "index", "partition" all documents of one, "scan"
	// all documents; "" where there was none.
	By    string
	Paths []string // the first of them in words, as Plan.Explain has them; at most maxWalksShown
	Count int      // of all
}

// maxWalksShown bounds Walks.Paths: a query with IN may walk thousands.
const maxWalksShown = 8

// watchedSource is an itemSource that remembers what is walked.
type watchedSource struct {
	*itemSource
	walks Walks
}

// Scan opens a walk.
func (s *watchedSource) Scan(ctx context.Context, a cosmossql.Access) (cosmossql.Rows, error) {
	s.walks.add(walkKind(a), a)
	return s.itemSource.Scan(ctx, a)
}

func walkKind(a cosmossql.Access) string {
	switch {
	case a.ID != nil:
		return "point"
	case a.Path != nil:
		return "index"
	case a.Partition != nil:
		return "partition"
	}
	return "scan"
}

func (w *Walks) add(kind string, a cosmossql.Access) {
	ranks := map[string]int{"": 0, "point": 1, "index": 2, "partition": 3, "scan": 4}
	if ranks[kind] > ranks[w.By] {
		w.By = kind
	}
	if w.Count++; len(w.Paths) < maxWalksShown {
		w.Paths = append(w.Paths, a.String())
	}
}
