package hubs

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Limits of a replay.
const (
	maxPace     = 10_000
	replayBatch = 100 // events that are under way
)

// Replay is the body of POST …/events:replay: the events that a filter leaves are sent
// again, the oldest first.
type Replay struct {
	Q    string  `json:"q"`    // see matcher
	From int64   `json:"from"` // unix milliseconds; 0 is no bound
	To   int64   `json:"to"`   // unix milliseconds, exclusive; 0 is no bound
	Into string  `json:"into"` // a hub of the same namespace; "" is this one
	Pace float64 `json:"pace"` // 1: with the pauses that there were, 10: with a tenth of them; 0: without
}

// replayEvents serves POST …/events:replay. A task sends those that are there now: an
// event goes to the partition of its key, and without one to the partition with the
// number of its own.
func (p *page) replayEvents(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	if err != nil {
		return err
	}
	var ask Replay
	if err := portal.ReadJSON(w, r, maxAsked, &ask); err != nil {
		return err
	}
	if !(ask.Pace >= 0 && ask.Pace <= maxPace) {
		return fault.New(fault.Invalid, "pace", "it can be 0 to %d", maxPace)
	}
	m, err := newMatcher(ask.Q, time.Now())
	if err != nil {
		return err
	}
	into, err := p.find(r.PathValue("namespace"), cmp.Or(ask.Into, t.hub.Name()))
	if err != nil {
		return err
	}
	s, err := newScan(t.hub, m, false, (&Search{From: ask.From, To: ask.To}).times(), nil)
	if err != nil {
		return err
	}
	again := replay{scan: s, into: into.hub, pace: ask.Pace, readers: map[int]*broker.Reader{}}
	id, err := p.Tasks.Start(portal.Task{Kind: "replay", Subject: into.hub.Name(), To: into.address() + "/events"}, again.run)
	if err == nil {
		portal.WriteJSON(w, http.StatusAccepted, Sending{id, s.of})
	}
	return err
}

// replay is events that are sent again.
type replay struct {
	scan    *scan
	into    *broker.Hub
	pace    float64
	readers map[int]*broker.Reader // by partition: what is found is read whole

	first, began time.Time // of the first event, then and now
}

// run is the task. What it says to have done counts the events that were looked at.
func (a *replay) run(ctx context.Context, p *portal.Progress) error {
	defer a.close()
	p.Of(a.scan.of)
	told := int64(0)
	tell := func() { p.Add(a.scan.scanned - told); told = a.scan.scanned }
	var batch []broker.Record
	var parts []int
	send := func() error {
		err := a.send(ctx, batch, parts)
		batch, parts = batch[:0], parts[:0]
		return err
	}
	for {
		f, ok, err := a.scan.next(ctx, tell)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		record, ok, err := a.record(f)
		if err != nil {
			return err
		}
		if !ok {
			continue // retention took it
		}
		if wait := a.due(record.EnqueuedAt); wait > 0 {
			if err := send(); err != nil {
				return err
			}
			if err := pause(ctx, wait); err != nil {
				return err
			}
		}
		batch, parts = append(batch, record), append(parts, f.P)
		if len(batch) == replayBatch {
			if err := send(); err != nil {
				return err
			}
		}
	}
	tell()
	return send()
}

// due is how long it is until an event of such a time is sent.
func (a *replay) due(at time.Time) time.Duration {
	if a.pace == 0 {
		return 0
	}
	if a.first.IsZero() {
		a.first, a.began = at, time.Now()
	}
	return time.Until(a.began.Add(time.Duration(float64(at.Sub(a.first)) / a.pace)))
}

func pause(ctx context.Context, wait time.Duration) error {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// record reads what was found; ok is false when it is gone.
func (a *replay) record(f find) (record broker.Record, ok bool, err error) {
	reader := a.readers[f.P]
	if reader == nil || reader.Sequence() != f.S {
		part, err := a.scan.partition(f.P)
		if err != nil {
			return record, false, err
		}
		if reader != nil {
			_ = reader.Close() // read only
		}
		if reader, err = part.NewReader(broker.Sequence(f.S, true)); err != nil {
			return record, false, err
		}
		a.readers[f.P] = reader
	}
	records, err := reader.Next(1, 1, nil)
	if err != nil || len(records) == 0 || records[0].Sequence != f.S {
		return record, false, err
	}
	record = records[0]
	record.Body = slices.Clone(record.Body)
	return record, true, nil
}

// send appends events in their order and waits until all are durable.
func (a *replay) send(ctx context.Context, batch []broker.Record, parts []int) error {
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	done := make(chan error, len(batch))
	for i, r := range batch {
		part, err := a.route(r.Key, parts[i])
		if err != nil {
			return err
		}
		part.AppendContext(ctx, broker.Append{Records: [][]byte{r.Body}, Key: r.Key}, func(res broker.AppendResult) { done <- res.Err })
	}
	var failed error
	for range batch {
		select {
		case err := <-done:
			failed = cmp.Or(failed, err)
		case <-ctx.Done():
			return fault.New(fault.Unavailable, "hub "+a.into.Name(), "the events were not stored within %v", sendWait)
		}
	}
	return failed
}

func (a *replay) route(key string, partition int) (*broker.Partition, error) {
	if key != "" {
		return a.into.Route(key), nil
	}
	return a.into.Partition(partition % a.into.PartitionCount())
}

func (a *replay) close() {
	a.scan.close()
	for _, r := range a.readers {
		_ = r.Close() // read only
	}
}
