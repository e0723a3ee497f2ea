package hubs

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Limits of a search. Who waits for a free place gets progress of 0.
const (
	defaultFound = 200
	maxFound     = 2000
	maxSearches  = 4 // at a time
	maxAsked     = 64 << 10
	tellEvery    = 100 * time.Millisecond
)

// Search is the body of POST …/events:search.
type Search struct {
	Q      string `json:"q"`      // see matcher
	Oldest bool   `json:"oldest"` // oldest first
	From   int64  `json:"from"`   // unix milliseconds; 0 is no bound
	To     int64  `json:"to"`     // unix milliseconds, exclusive; 0 is no bound
	After  string `json:"after"`  // the next of the answer before
	Limit  int    `json:"limit"`  // rows; 0 is 200, at most 2000
}

// Began is the first line of an answer.
type Began struct {
	At []int64 `json:"at"` // by partition: the sequence number of the next event, for events:tail
	Of int64   `json:"of"` // events to be scanned
}

// Progress is a line now and then, and the last one.
type Progress struct {
	Scanned int64  `json:"scanned"`
	Of      int64  `json:"of"`
	Matched int64  `json:"matched"`
	Done    bool   `json:"done,omitempty"` // the last line
	Next    string `json:"next,omitempty"` // of the last line: the after of the next page, unless there is none
	Error   string `json:"error,omitempty"`
}

// searchEvents serves POST /api/hubs/{namespace}/{hub}/events:search: lines of
// JSON, Began, then Found and Progress as they come. Who goes away ends it.
func (p *page) searchEvents(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	if err != nil {
		return err
	}
	var ask Search
	if err := portal.ReadJSON(w, r, maxAsked, &ask); err != nil {
		return err
	}
	m, err := newMatcher(ask.Q, time.Now())
	if err != nil {
		return err
	}
	after, err := parsePlace(ask.After)
	if err != nil {
		return err
	}
	select {
	case p.searches <- struct{}{}:
		defer func() { <-p.searches }()
	case <-r.Context().Done():
		return nil
	}
	began := Began{At: ends(t.hub)}
	s, err := newScan(t.hub, m, !ask.Oldest, ask.times(), after)
	if err != nil {
		return err
	}
	defer s.close()
	began.Of = s.of
	out := portal.NewAnswer(w, portal.NDJSON)
	defer out.Close()
	_ = out.Value(began) // that the browser is gone, its context tells
	s.answer(r.Context(), out, ask.limit())
	return nil
}

func (a *Search) limit() int {
	if a.Limit <= 0 {
		return defaultFound
	}
	return min(a.Limit, maxFound)
}

func (a *Search) times() span {
	t := everything
	if a.From > 0 {
		t.low = a.From
	}
	if a.To > 0 {
		t.high = a.To
	}
	return t
}

// ends are the sequence numbers of the partitions' next events.
func ends(hub *broker.Hub) []int64 {
	infos := infos(hub)
	at := make([]int64, len(infos))
	for i, info := range infos {
		at[i] = info.LastSequence + 1
	}
	return at
}

// answer writes what is found, up to a limit, and how far the scan is.
func (s *scan) answer(ctx context.Context, out *portal.Answer, limit int) {
	progress := Progress{Of: s.of}
	told := time.Now()
	tell := func() {
		if now := time.Now(); now.Sub(told) >= tellEvery {
			told = now
			progress.Scanned = s.scanned
			_ = out.Value(progress)
			_ = out.Flush()
		}
	}
	var last find
	for int(progress.Matched) < limit {
		f, ok, err := s.next(ctx, tell)
		if err != nil {
			progress.Error = err.Error()
			break
		}
		if !ok {
			progress.Done = true
			break
		}
		last = f
		progress.Matched++
		_ = out.Value(f.Found)
		if progress.Matched == 1 || progress.Matched%100 == 0 {
			_ = out.Flush()
		}
	}
	progress.Scanned = s.scanned
	if !progress.Done && progress.Error == "" && s.first() != nil {
		progress.Next = last.String()
	}
	progress.Done = progress.Error == ""
	_ = out.Value(progress)
}

// String is a place as a client keeps it.
func (a place) String() string { return fmt.Sprintf("%d.%d.%d", a.ms, a.partition, a.sequence) }

func parsePlace(text string) (*place, error) {
	if text == "" {
		return nil, nil
	}
	var a place
	if n, err := fmt.Sscanf(text, "%d.%d.%d", &a.ms, &a.partition, &a.sequence); err != nil || n != 3 || a.ms < 0 || a.ms == math.MaxInt64 {
		return nil, fault.New(fault.Invalid, "after", "%q is not what an answer's next said", text)
	}
	return &a, nil
}
