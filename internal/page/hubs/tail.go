package hubs

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// What a tail sends: a person reads no more than this.
const (
	tailEvery  = 250 * time.Millisecond
	tailRows   = 50     // at a time: 200 a second
	tailScan   = 20_000 // events of a partition that are looked at in that time
	tailBeat   = 5 * time.Second
	maxTails   = 64 // at a time
	tailBlocks = 64
)

// Tail is the body of POST …/events:tail.
type Tail struct {
	Q  string  `json:"q"`
	At []int64 `json:"at"` // where the search or the tail before ended; partitions that are missing begin at their ends
}

// Tailed is a line of its answer: what came within a quarter of a second.
type Tailed struct {
	Rows    []Found `json:"rows"`    // oldest first; at most 50
	Dropped int64   `json:"dropped"` // events that matched, or were not looked at, beyond what a person can read
	At      []int64 `json:"at"`      // for a tail that goes on here
	Error   string  `json:"error,omitempty"`
}

// tailEvents serves POST /api/hubs/{namespace}/{hub}/events:tail: new events as
// they come, until the client goes away or the hub changes.
func (p *page) tailEvents(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	if err != nil {
		return err
	}
	var ask Tail
	if err := portal.ReadJSON(w, r, maxAsked, &ask); err != nil {
		return err
	}
	m, err := newMatcher(ask.Q, time.Now())
	if err != nil {
		return err
	}
	select {
	case p.tails <- struct{}{}:
		defer func() { <-p.tails }()
	default:
		return fault.New(fault.Throttled, "hub "+t.hub.Name(), "%d tails are open; close one", maxTails)
	}
	changed := t.hub.Changed()
	tail, err := newTail(t.hub, m, ask.At)
	if err != nil {
		return err
	}
	defer tail.close()
	out := portal.NewAnswer(w, portal.NDJSON)
	defer out.Close()
	tail.follow(r.Context(), out, changed)
	return nil
}

// tail follows the partitions of a hub.
type tail struct {
	match   *matcher
	parts   []*broker.Partition
	readers []*broker.Reader
}

func newTail(hub *broker.Hub, m *matcher, at []int64) (*tail, error) {
	t := &tail{match: m}
	for id := range hub.PartitionCount() {
		part, err := hub.Partition(id)
		if err != nil {
			return nil, err
		}
		pos := broker.Latest(false)
		if end := part.Info().LastSequence + 1; id < len(at) && at[id] <= end {
			pos = broker.Sequence(max(at[id], 0), true)
		}
		reader, err := part.NewReader(pos)
		if err != nil {
			t.close()
			return nil, err
		}
		t.parts, t.readers = append(t.parts, part), append(t.readers, reader)
	}
	return t, nil
}

func (t *tail) close() {
	for _, r := range t.readers {
		_ = r.Close() // read only
	}
}

func (t *tail) follow(ctx context.Context, out *portal.Answer, changed <-chan struct{}) {
	tick := time.NewTicker(tailEvery)
	defer tick.Stop()
	for beat := (time.Time{}); ; {
		line, err := t.read()
		if err != nil {
			line.Error = err.Error()
		}
		if now := time.Now(); len(line.Rows) > 0 || line.Dropped > 0 || err != nil || now.Sub(beat) >= tailBeat {
			beat = now
			_ = out.Value(line) // that the browser is gone, ctx tells
			_ = out.Flush()
		}
		if err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
			return // the client opens it anew
		case <-tick.C:
		}
	}
}

// read takes what came since the last time.
func (t *tail) read() (Tailed, error) {
	line := Tailed{Rows: []Found{}, At: make([]int64, len(t.readers))}
	for id, r := range t.readers {
		if err := t.readPartition(id, r, &line); err != nil {
			return line, err
		}
		line.At[id] = t.readers[id].Sequence() // one that was skipped is another
	}
	slices.SortStableFunc(line.Rows, func(a, b Found) int { return a.place().compare(b.place(), false) })
	if extra := len(line.Rows) - tailRows; extra > 0 {
		line.Rows = line.Rows[extra:]
		line.Dropped += int64(extra)
	}
	return line, nil
}

func (f Found) place() place { return place{f.T, f.P, f.S} }

// readPartition appends what matches in a partition. Of more than it may look at
// it takes the newest, and counts the others.
func (t *tail) readPartition(id int, r *broker.Reader, line *Tailed) error {
	if !t.match.admits(id) {
		return t.skip(id, 0)
	}
	if behind := t.parts[id].Info().LastSequence + 1 - r.Sequence(); behind > tailScan {
		line.Dropped += behind - tailScan
		if err := t.skip(id, tailScan); err != nil {
			return err
		}
		r = t.readers[id]
	}
	var records [tailBlocks]broker.Record
	for read := 0; read < tailScan; {
		got, err := r.Next(len(records), blockBytes, records[:0])
		if err != nil || len(got) == 0 {
			return err
		}
		for i := range got {
			if r := &got[i]; t.match.within(r) && t.match.match(r) {
				line.keep(t.match.found(id, r))
			}
		}
		read += len(got)
	}
	return nil
}

// keep adds a row, and forgets all but the newest when there are far too many.
func (l *Tailed) keep(f Found) {
	if len(l.Rows) == 40*tailRows {
		slices.SortStableFunc(l.Rows, func(a, b Found) int { return a.place().compare(b.place(), false) })
		l.Dropped += int64(len(l.Rows) - tailRows)
		l.Rows = append(l.Rows[:0], l.Rows[len(l.Rows)-tailRows:]...)
	}
	l.Rows = append(l.Rows, f)
}

// skip moves a partition's reader to so many events before the end.
func (t *tail) skip(id int, left int64) error {
	end := t.parts[id].Info().LastSequence + 1
	if t.readers[id].Sequence() >= end-left {
		return nil
	}
	r, err := t.parts[id].NewReader(broker.Sequence(end-left, true))
	if err != nil {
		return err
	}
	_ = t.readers[id].Close() // read only
	t.readers[id] = r
	return nil
}
