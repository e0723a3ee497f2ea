package blobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/queues"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// Trigger runs a function for each blob that is written to a container, and for each
// that is there at the first start.
//
// Supported binding properties: path, connection, source, dataType, and how the blob is
// handed over (properties.SupportsDeferredBinding, sdkBinding). Of host.json it heeds
// extensions.blobs (see Config). With source EventGrid only what is written from the
// first start on counts; no subscription has to be made, because the container tells.
//
// Between a blob and its run is a message in a queue, as Azure's host has it, which
// counts tries and survives the host. There is a queue to each function where Azure's
// host has one to a host, so that what a function that is turned off has to do waits
// for it and is in nobody's way.
type Trigger struct {
	end       End
	o         trigger.Setup
	config    Config
	pattern   pattern
	conn      settings.Connection
	poison    settings.Connection // of the same account's queues
	eventGrid bool
	deferred  bool
	setting   string        // of its connection, for a client
	limit     trigger.Limit // nil unless concurrency is dynamic
	spared    trigger.Spared
	works     atomic.Pointer[queues.Queue] // where messages of blobs are, while it runs
}

// The sources of a blobTrigger.
const (
	sourceScan      = "LogsAndContainerScan"
	sourceEventGrid = "EventGrid"
)

// NewTrigger checks the declaration.
func NewTrigger(e End, s trigger.Setup) (*Trigger, error) {
	t := &Trigger{end: e, o: s, deferred: isDeferred(s.Binding), setting: settingOf(s.Binding)}
	if s.Limit != nil {
		t.limit = s.Limit()
	}
	var err error
	if t.config, err = ReadConfig(s.Config); err != nil {
		return nil, err
	}
	if t.pattern, err = readPattern(s.Binding); err != nil {
		return nil, err
	}
	source := s.Binding.Text("source")
	switch {
	case strings.EqualFold(source, sourceEventGrid):
		t.eventGrid = true
	case source != "" && !strings.EqualFold(source, sourceScan):
		return nil, fault.New(fault.Invalid, "binding "+s.Binding.Name, "source must be %s or %s, is %q", sourceScan, sourceEventGrid, source)
	}
	if t.conn, err = s.Settings.StorageConnection(settings.Storage, s.Binding.Text("connection")); err != nil {
		return nil, err
	}
	if t.poison, err = s.Settings.StorageConnection(settings.StorageQueues, s.Binding.Text("connection")); err != nil {
		return nil, fault.Wrap(fault.KindOf(err), "binding "+s.Binding.Name, err, "a blob trigger needs the account's queues too, for blobs that are set aside")
	}
	return t, nil
}

func hostOf(c settings.Connection) string { return queues.HostOf(c) }

// Source is the container.
func (t *Trigger) Source() trigger.Source {
	return trigger.Source{Words: "blobs " + t.o.Binding.Text("path"), Host: hostOf(t.conn), Target: t.pattern.container}
}

// function is the id under which the function keeps what it remembers.
func (t *Trigger) function() string { return state.FunctionID(t.o.Function) }

// workQueue is the name of the function's queue. Both parts of it are in the hash,
// because a name has 63 characters at most.
func (t *Trigger) workQueue() string {
	sum := sha256.Sum256([]byte(t.o.HostID + "\x00" + t.function()))
	host := strings.Trim(t.o.HostID[:min(len(t.o.HostID), 29)], "-")
	return "azure-webjobs-blobtrigger-" + host + "-" + hex.EncodeToString(sum[:])[:7]
}

// deletedPause is for how long nothing is tried after something was deleted.
const deletedPause = 100 * time.Millisecond

// Run listens until ctx ends. It returns an error when blobs, queue or receipts cannot
// be reached; the caller may run it again.
func (t *Trigger) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		c, err := t.open(ctx)
		if err == nil {
			err = t.round(ctx, c)
		}
		if ctx.Err() != nil || err != nil && !fault.Is(err, fault.Gone) && !fault.Is(err, fault.NotFound) {
			return trigger.IgnoreEnd(ctx, err)
		}
		if run.Pause(ctx, deletedPause) != nil { // what was deleted is opened again, and waited for
			return nil
		}
	}
	return nil
}

// open waits until the container is there.
func (t *Trigger) open(ctx context.Context) (Container, error) {
	defer t.o.Waits("")
	for told := false; ; told = true {
		c, err := t.end.Blobs.Open(ctx, t.conn, t.pattern.container, Read)
		if err == nil {
			return c, nil
		}
		if !fault.Is(err, fault.NotFound) {
			return nil, fmt.Errorf("open container %s: %w", t.pattern.container, err)
		}
		if !told {
			t.o.Waits("the container " + t.pattern.container + " does not exist")
			t.o.Log.Info("the container does not exist yet; the function waits for it", "container", t.pattern.container)
		}
		if err := t.end.Blobs.Await(ctx, t.conn, t.pattern.container); err != nil {
			return nil, fmt.Errorf("open container %s: %w", t.pattern.container, err)
		}
	}
}

// round finds blobs and runs the function until ctx ends or one of the two fails, and
// then the other ends.
func (t *Trigger) round(ctx context.Context, c Container) error {
	blobs, err := t.end.State(t.o.Settings)
	if err != nil {
		return fmt.Errorf("open the receipts of blobs: %w", err)
	}
	work, err := t.end.Work(ctx, t.o.Settings, t.workQueue())
	if err != nil {
		return fmt.Errorf("open the queue of blobs: %w", err)
	}
	t.works.Store(&work)
	defer t.works.Store(nil)
	f := &finder{
		c: c, pattern: &t.pattern, work: work, blobs: blobs, host: t.o.HostID, function: t.function(),
		receipts: !t.eventGrid || scans(c), fromNow: t.eventGrid, log: t.o.Log,
	}
	batch, threshold := t.config.batches()
	pump := trigger.SettlingPump{
		Queue: t.source(c, work), Invoker: t.o.Invoker, Log: t.o.Log,
		Batch: batch, Threshold: threshold, Attempts: t.config.PoisonBlobThreshold, Limit: t.limit,
		Aside: t.o.Aside, Gate: t.o.Gate, Spared: &t.spared,
	}
	both, end := context.WithCancel(ctx)
	defer end()
	pumped := make(chan error, 1)
	go func() {
		defer end()
		pumped <- pump.Run(both)
	}()
	err = trigger.IgnoreEnd(both, f.run(both))
	end()
	return errors.Join(err, <-pumped)
}

func scans(c Container) bool {
	s, ok := c.(Scanner)
	return ok && s.Scans()
}

// longestIdle is how long a queue of blobs that is empty is left alone, where nobody
// tells.
const longestIdle = 2 * time.Second

func (t *Trigger) source(c Container, work queues.Queue) *queues.Source {
	return &queues.Source{
		Queue: work, Longest: longestIdle,
		Call: func(ctx context.Context, m *queues.Message) (trigger.Call, error) { return t.callFor(ctx, c, m) },
		Poison: func(ctx context.Context, m *queues.Message) (queues.Queue, []byte, error) {
			q, err := t.end.Queues.Need(ctx, t.poison, PoisonQueue, queues.Send)
			return q, m.Text, err
		},
		Item: func(m *queues.Message) letter.Item {
			i := letter.Item{Body: m.Text, At: m.Inserted, DequeueCount: m.Dequeued}
			if item, err := readItem(m.Text); err == nil {
				i.Body, i.MessageID = item.json(), item.ETag
			}
			return i
		},
	}
}

// Again makes the invocation for a blob that was set aside: the letter names it, and the
// function gets what the blob is by now.
func (t *Trigger) Again(ctx context.Context, i letter.Item) (trigger.Call, error) {
	item, err := readItem(i.Body)
	if err != nil {
		return trigger.Call{}, err
	}
	if item.FunctionID != t.function() {
		return trigger.Call{}, trigger.ErrNotMine
	}
	c, err := t.end.Blobs.Open(ctx, t.conn, t.pattern.container, Read)
	if err != nil {
		return trigger.Call{}, err
	}
	call, err := t.call(ctx, c, item.BlobName, "")
	if fault.Is(err, fault.NotFound) {
		return call, trigger.ErrNothing
	}
	return call, err
}

// Poison is the queue of blobs that were set aside.
func (t *Trigger) Poison() letter.Place {
	return letter.Place{Kind: "queue", Name: PoisonQueue, Connection: t.o.Binding.Text("connection")}
}

// callFor makes the invocation for a message. A blob that is gone needs no run, nor
// does a state that was overwritten: the new one has a message of its own. With Event
// Grid there is a run for each event, of what the blob is by then.
func (t *Trigger) callFor(ctx context.Context, c Container, m *queues.Message) (trigger.Call, error) {
	item, err := readItem(m.Text)
	if err != nil {
		return trigger.Call{}, err
	}
	etag := item.ETag
	if t.eventGrid {
		etag = ""
	}
	call, err := t.call(ctx, c, item.BlobName, etag)
	switch {
	case fault.Is(err, fault.NotFound), fault.Is(err, fault.PreconditionFailed):
		t.o.Log.Debug("a blob is not there any more as it was, and its function does not run", "blob", item.ContainerName+"/"+item.BlobName, "etag", item.ETag)
		return call, trigger.ErrNothing
	case fault.Is(err, fault.TooLarge):
		return call, &trigger.UnfitError{Reason: err.Error()}
	case err != nil:
		return call, err
	}
	call.Details = fmt.Sprintf("MessageId: %s, DequeueCount: %d, InsertedOn: %s, %s", m.ID, m.Dequeued, m.Inserted.UTC().Format(detailTime), call.Details)
	return call, nil
}

// detailTime is how times are in the line that users know from the vendor's log.
const detailTime = "2006-01-02T15:04:05.000+00:00"

// byHandPatience bounds how long it takes to read the blob of a run by hand.
const byHandPatience = 10 * time.Second

// ByHand makes the invocation for a blob that is there: the input is its path,
// CONTAINER/BLOB, as on Azure.
func (t *Trigger) ByHand(input string, _ time.Time) (trigger.Call, error) {
	ctx, cancel := context.WithTimeout(context.Background(), byHandPatience)
	defer cancel()
	container, blob, _ := strings.Cut(strings.TrimSpace(input), "/")
	if !strings.EqualFold(container, t.pattern.container) || blob == "" {
		return trigger.Call{}, fault.New(fault.Invalid, "input", "must be the path of a blob that is there: %s/NAME", t.pattern.container)
	}
	c, err := t.end.Blobs.Open(ctx, t.conn, t.pattern.container, Read)
	if err == nil {
		var call trigger.Call
		if call, err = t.call(ctx, c, blob, ""); err == nil {
			return call, nil
		}
	}
	return trigger.Call{}, fault.Wrap(fault.Invalid, "input", err, "read the blob %s/%s", t.pattern.container, blob)
}
