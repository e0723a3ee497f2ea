package hub

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// letters keeps dead letters in a hub, an event each, under the partition key of what it
// holds. A hub forgets nothing before its retention is over, so which letters are gone is
// in a blob beside it; see doneLetters.
type letters struct {
	open  func(context.Context) (Hub, error) // for a walk
	sink  Sink
	blobs state.Blobs
	blob  string // where it is noted which letters are gone
}

// Letters is the kind of place that a hub is for dead letters.
func (e End) Letters() letter.Kind {
	return letter.Kind{
		Name: "hub",
		Check: func(s letter.Setup) error {
			_, err := lettersAt(s)
			return err
		},
		Open: e.openLetters,
	}
}

func lettersAt(s letter.Setup) (settings.Connection, error) {
	if s.Connection == "" {
		return settings.Connection{}, fault.New(fault.Invalid, "function "+s.Function, "its dead letters go to hub %s: connection must name the app setting that leads to its namespace", s.Name)
	}
	return s.Settings.Connection(settings.EventHubs, s.Connection)
}

func (e End) openLetters(ctx context.Context, s letter.Setup) (letter.Store, error) {
	conn, err := lettersAt(s)
	if err != nil {
		return nil, err
	}
	store := &letters{}
	if store.sink, err = e.Hubs.Sink(ctx, conn, s.Name); err != nil {
		return nil, err
	}
	store.open = func(ctx context.Context) (Hub, error) {
		return e.Hubs.Open(ctx, conn, s.Name, Consumer{Group: broker.DefaultGroup})
	}
	if store.blobs, err = e.State(s.Settings); err != nil {
		return nil, err
	}
	store.blob = strings.ToLower("deadletters/" + e.Hubs.Host(conn) + "/" + s.Name)
	return store, nil
}

// letterRoom is what of an event's room is left to what surrounds a letter.
const letterRoom = 4 << 10

// Most implements letter.Store.
func (s *letters) Most() int { return maxEventBytes - letterRoom }

// Count implements letter.Store.
func (s *letters) Count(context.Context) (int, error) { return -1, nil }

// Put implements letter.Store.
func (s *letters) Put(ctx context.Context, all []*letter.Letter) error {
	events := make([]Outgoing, len(all))
	for i, l := range all {
		text, err := l.Encode()
		if err != nil {
			return err
		}
		events[i] = Outgoing{Body: text, Key: l.Item.PartitionKey}
	}
	return s.sink.Send(ctx, events)
}

// Ender is a Hub that knows where its partitions end.
type Ender interface {
	Hub
	// Last is the sequence number of the last event; ok is false when there is none.
	Last(ctx context.Context, partition string) (sequence int64, ok bool, err error)
}

// How long a walk waits for events of a hub that does not say where it ends.
const lettersPatience = 5 * time.Second

// Walk implements letter.Store.
func (s *letters) Walk(ctx context.Context, see func(context.Context, *letter.Letter) (letter.Verdict, error)) error {
	done, err := loadDone(ctx, s.blobs, s.blob)
	if err != nil {
		return err
	}
	hub, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer hub.Close()
	partitions, err := hub.Partitions(ctx)
	if err != nil {
		return err
	}
	for _, p := range partitions {
		if err := s.walkPartition(ctx, hub, p, done, see); err != nil {
			return err
		}
	}
	return nil
}

func (s *letters) walkPartition(ctx context.Context, hub Hub, partition string, done *doneLetters, see func(context.Context, *letter.Letter) (letter.Verdict, error)) error {
	last := int64(-1)
	if end, ok := hub.(Ender); ok {
		sequence, some, err := end.Last(ctx, partition)
		if err != nil || !some {
			return err
		}
		last = sequence
	}
	r, err := hub.Open(ctx, partition, Position{Kind: FromStart})
	if err != nil {
		return err
	}
	defer r.Close()
	var events []Event
	for at := int64(-1); last < 0 || at < last; {
		patient, cancel := context.WithTimeout(ctx, lettersPatience)
		events, err = r.Read(patient, events[:0], pageOfLetters)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range events {
			at = events[i].Sequence
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := s.one(ctx, partition, &events[i], done, see); err != nil {
				return err
			}
		}
	}
	return nil
}

// pageOfLetters is how many events are read together.
const pageOfLetters = 100

// one shows an event that is a letter and not gone.
func (s *letters) one(ctx context.Context, partition string, e *Event, done *doneLetters, see func(context.Context, *letter.Letter) (letter.Verdict, error)) error {
	if done.has(partition, e) {
		return nil
	}
	l, err := letter.Decode(e.Body)
	if err != nil {
		return nil //nolint:nilerr // somebody else's event
	}
	v, err := see(ctx, l)
	if err != nil || !v.Gone {
		return err
	}
	settling := context.WithoutCancel(ctx)
	if v.Instead != nil {
		if err := s.Put(settling, []*letter.Letter{v.Instead}); err != nil {
			return err
		}
	}
	if err := done.add(settling, partition, e); err != nil {
		return err
	}
	return v.Ended(settling)
}

// doneLetters are the letters of a hub that are gone: a blob of the app's account,
// deadletters/NAMESPACE/HUB, which all hosts that read the hub's letters share.
//
//	{"0": {"gone": [[0,41],[43,90]], "last": 90, "at": time of event 90}, …}
type doneLetters struct {
	blobs state.Blobs
	blob  string
	etag  string
	parts map[string]*doneInPartition
}

// doneInPartition is what is gone of one partition.
type doneInPartition struct {
	Gone spans     `json:"gone"`
	Last int64     `json:"last"` // the highest sequence number in Gone
	At   time.Time `json:"at"`   // when that event was enqueued
}

func loadDone(ctx context.Context, blobs state.Blobs, blob string) (*doneLetters, error) {
	d := &doneLetters{blobs: blobs, blob: blob}
	return d, d.load(ctx)
}

func (d *doneLetters) load(ctx context.Context) error {
	d.parts, d.etag = map[string]*doneInPartition{}, state.Missing
	text, etag, err := d.blobs.Text(ctx, state.Hosts, d.blob)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	d.etag = etag
	if err := json.Unmarshal(text, &d.parts); err != nil {
		return fault.Wrap(fault.Invalid, "blob "+state.Hosts+"/"+d.blob, err, "which dead letters of the hub are gone; delete it to have all of them again")
	}
	for p, part := range d.parts {
		if part == nil || !part.Gone.ordered() {
			return fault.New(fault.Invalid, "blob "+state.Hosts+"/"+d.blob, "partition %q: it does not say which dead letters of the hub are gone; delete it to have all of them again", p)
		}
	}
	return nil
}

// has reports whether a letter is gone. An event that is below the last that is gone, and
// younger than it, is of another hub of that name: then nothing of this one is gone.
func (d *doneLetters) has(partition string, e *Event) bool {
	part := d.parts[partition]
	if part == nil {
		return false
	}
	if e.Sequence <= part.Last && e.EnqueuedAt.After(part.At) {
		delete(d.parts, partition)
		return false
	}
	return part.Gone.has(e.Sequence)
}

// add notes durably that a letter is gone. What another host noted meanwhile is kept.
func (d *doneLetters) add(ctx context.Context, partition string, e *Event) error {
	for {
		part := d.parts[partition]
		if part == nil {
			part = &doneInPartition{Last: -1}
			d.parts[partition] = part
		}
		part.Gone = part.Gone.with(e.Sequence)
		if e.Sequence > part.Last {
			part.Last, part.At = e.Sequence, e.EnqueuedAt
		}
		text, err := json.Marshal(d.parts)
		if err != nil {
			return err
		}
		etag, err := d.blobs.SetText(ctx, state.Hosts, d.blob, text, d.etag)
		if err == nil {
			d.etag = etag
			return nil
		}
		if !fault.Is(err, fault.PreconditionFailed) && !fault.Is(err, fault.Conflict) {
			return err
		}
		if err := d.load(ctx); err != nil {
			return err
		}
	}
}

// spans are whole numbers as first and last of each run of them, in order.
type spans [][2]int64

func (s spans) ordered() bool {
	for i, x := range s {
		if x[1] < x[0] || i > 0 && x[0] <= s[i-1][1] {
			return false
		}
	}
	return true
}

func (s spans) has(n int64) bool {
	for _, x := range s {
		if x[0] <= n && n <= x[1] {
			return true
		}
	}
	return false
}

// with returns the spans with a number more.
func (s spans) with(n int64) spans {
	if s.has(n) {
		return s
	}
	var out spans
	now := [2]int64{n, n}
	placed := false
	for _, x := range s {
		switch {
		case x[1]+1 == now[0]:
			now[0] = x[0]
		case now[1]+1 == x[0]:
			now[1] = x[1]
		case x[0] > now[1] && !placed:
			out, placed = append(out, now, x), true
		default:
			out = append(out, x)
		}
	}
	if !placed {
		out = append(out, now)
	}
	return out
}
