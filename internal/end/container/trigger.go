package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// Trigger feeds a container's changes to a function.
//
// Supported binding properties: databaseName, containerName (or
// collectionName), connection (or connectionStringSetting), leaseConnection,
// leaseDatabaseName, leaseContainerName (or leaseCollectionName),
// leaseContainerPrefix, createLeaseContainerIfNotExists, startFromBeginning,
// startFromTime, maxItemsPerInvocation. feedPollDelay and the lease intervals
// are accepted and not needed: changes wake the trigger. Only the latest
// version of a document is delivered; deletes are not.
type Trigger struct {
	containers                    Service
	o                             trigger.Setup
	now                           func() time.Time
	conn, leaseConn               settings.Connection
	database, container           string
	leaseDatabase, leaseContainer string
	leasePrefix                   string
	createLeases, fromBeginning   bool
	fromTime                      time.Time
	page                          int
}

// defaultPage is how many documents an invocation gets at most when the
// binding does not say.
const defaultPage = 500

// NewTrigger checks the declaration.
func NewTrigger(containers Service, o trigger.Setup) (*Trigger, error) {
	b := o.Binding
	t := &Trigger{
		containers: containers, o: o, now: time.Now,
		database:       b.Text("databaseName"),
		container:      first(b.Text("containerName"), b.Text("collectionName")),
		leaseContainer: first(b.Text("leaseContainerName"), b.Text("leaseCollectionName"), "leases"),
		leasePrefix:    first(b.Text("leaseContainerPrefix"), b.Text("leaseCollectionPrefix")),
	}
	t.leaseDatabase = first(b.Text("leaseDatabaseName"), t.database)
	if t.database == "" || t.container == "" {
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "needs databaseName and containerName")
	}
	name := first(b.Text("connection"), b.Text("connectionStringSetting"))
	leaseName := first(b.Text("leaseConnection"), b.Text("leaseConnectionStringSetting"), name)
	if name == leaseName && t.database == t.leaseDatabase && t.container == t.leaseContainer {
		return nil, fault.New(fault.Invalid, "binding "+b.Name,
			"leaseContainerName is the monitored container %q itself; leases need one of their own", t.container)
	}
	var err error
	if t.conn, err = o.Settings.Connection(settings.CosmosDB, name); err != nil {
		return nil, err
	}
	if t.leaseConn, err = o.Settings.Connection(settings.CosmosDB, leaseName); err != nil {
		return nil, err
	}
	return t, t.readOptions(b)
}

func (t *Trigger) readOptions(b *binding.Binding) error {
	var err error
	if t.createLeases, err = b.Bool("createLeaseContainerIfNotExists"); err != nil {
		return err
	}
	if old := b.Text("createLeaseCollectionIfNotExists"); old != "" {
		if t.createLeases, err = b.Bool("createLeaseCollectionIfNotExists"); err != nil {
			return err
		}
	}
	if t.fromBeginning, err = b.Bool("startFromBeginning"); err != nil {
		return err
	}
	if s := b.Text("startFromTime"); s != "" {
		if t.fromBeginning {
			return fault.New(fault.Invalid, "binding "+b.Name, "startFromBeginning and startFromTime exclude each other")
		}
		if t.fromTime, err = time.Parse(time.RFC3339, s); err != nil {
			return fault.New(fault.Invalid, "binding "+b.Name, "startFromTime must be a time such as 2026-01-31T00:00:00Z, is %q", s)
		}
	}
	if t.page, err = b.Int("maxItemsPerInvocation", defaultPage); err != nil {
		return err
	}
	if t.page < 0 {
		t.page = defaultPage // -1 leaves the choice to the service
	}
	if t.page == 0 {
		return fault.New(fault.Invalid, "binding "+b.Name, "maxItemsPerInvocation must not be 0")
	}
	return nil
}

func first(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}

// Source is the container, and where the position is.
func (t *Trigger) Source() trigger.Source {
	return trigger.Source{
		Words: t.describe(), Host: hostOf(t.conn), Target: t.database + "/" + t.container, Positions: trigger.Place{Host: hostOf(t.leaseConn), Target: t.leaseDatabase + "/" + t.leaseContainer},
	}
}

func (t *Trigger) describe() string { return "container " + t.database + "/" + t.container }

// ByHand makes an invocation of a text that holds a document or an array of
// documents.
func (t *Trigger) ByHand(input string, _ time.Time) (trigger.Call, error) {
	docs, err := binding.SplitDocuments([]byte(input))
	if err != nil || !json.Valid([]byte(input)) || len(docs) == 0 {
		return trigger.Call{}, fault.New(fault.Invalid, "input", "must be a JSON document or an array of documents")
	}
	c := t.call(docs)
	c.Values = nil
	return c, nil
}

// Run pumps until ctx ends. It returns an error when a container cannot be
// opened or the lease cannot be kept; the caller may run it again.
func (t *Trigger) Run(ctx context.Context) error {
	feed, err := t.containers.Feed(ctx, t.conn, t.database, t.container)
	if err != nil {
		return fmt.Errorf("open the change feed of %s: %w", t.describe(), err)
	}
	store, err := t.containers.Leases(ctx, t.leaseConn, t.leaseDatabase, t.leaseContainer, t.createLeases)
	if err != nil {
		return fmt.Errorf("open lease container %s/%s: %w", t.leaseDatabase, t.leaseContainer, err)
	}
	prefix := leasePrefix(t.leasePrefix, feed.Identity())
	l, err := openLease(ctx, store, prefix, t.o.Owner, t.now, func(ctx context.Context) (string, error) {
		if t.fromBeginning || !t.fromTime.IsZero() {
			return "", nil
		}
		now, err := feed.Now(ctx)
		return strconv.Quote(now), err
	})
	if err != nil {
		return trigger.IgnoreEnd(ctx, err)
	}
	for ctx.Err() == nil {
		got, err := l.acquire(ctx)
		if err != nil {
			return trigger.IgnoreEnd(ctx, err)
		}
		if got {
			err = t.own(ctx, feed, l)
			if !errors.Is(err, errLeaseLost) {
				return trigger.IgnoreEnd(ctx, err)
			}
			t.o.Log.Warn("another host took the change feed over", "container", t.container)
		}
		_ = run.Pause(ctx, leaseAcquireInterval) // the loop looks at ctx
	}
	return nil
}

// own pumps while this host holds the lease, renewing it beside the pump, and
// releases it at a graceful end.
func (t *Trigger) own(stopping context.Context, feed Feed, l *lease) error {
	ctx, cancel := context.WithCancelCause(stopping)
	defer cancel(nil)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		for run.Pause(ctx, leaseRenewInterval) == nil {
			if err := l.renew(ctx); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		}
	}()
	err := t.pump(ctx, feed, l)
	lost := context.Cause(ctx)
	cancel(nil)
	<-renewed
	if errors.Is(lost, errLeaseLost) || errors.Is(err, errLeaseLost) {
		return errLeaseLost
	}
	return errors.Join(trigger.IgnoreEnd(stopping, err), l.release(context.WithoutCancel(ctx)))
}

// pump hands pages to the function, one after the other, and saves the position
// after each. While the function has one page, the next is read; what has come
// since then is added while the position is saved. It returns why it ended,
// always an error.
func (t *Trigger) pump(ctx context.Context, feed Feed, l *lease) error {
	after := l.continuation()
	t.tell(after)
	page := t.read(ctx, feed, after, t.page)
	ahead := make(chan feedPage, 1)
	for ctx.Err() == nil {
		if page.err != nil {
			return fmt.Errorf("read changes of %s: %w", t.describe(), page.err)
		}
		if len(page.docs) == 0 {
			after = first(page.next, after)
			if err := feed.Wait(ctx, after); err != nil {
				return err
			}
			page = t.read(ctx, feed, after, t.page)
			continue
		}
		next := page.next
		go func() { ahead <- t.read(ctx, feed, next, t.page) }()
		// A failed function does not hold the feed back: a retry policy does.
		err := t.o.Invoker.Invoke(ctx, t.call(page.docs))
		page = <-ahead
		if trigger.Unfinished(ctx, err) {
			return trigger.ErrCancelled
		}
		go func(p feedPage) { ahead <- t.fill(ctx, feed, p) }(page)
		err = l.checkpoint(context.WithoutCancel(ctx), strconv.Quote(next))
		page = <-ahead
		if err != nil {
			return err
		}
		after = next
		t.tell(after)
	}
	return ctx.Err()
}

// tell says how far the feed has been processed: continuations of this service
// are sequence numbers.
func (t *Trigger) tell(continuation string) {
	if n, err := strconv.ParseInt(continuation, 10, 64); err == nil {
		t.o.Checkpointed(trigger.Checkpoint{Host: hostOf(t.conn), Target: t.database + "/" + t.container, Sequence: n})
	}
}

// feedPage is what one read of the feed gave.
type feedPage struct {
	docs [][]byte
	next string
	err  error
}

func (t *Trigger) read(ctx context.Context, feed Feed, after string, most int) feedPage {
	docs, next, err := feed.Read(ctx, FeedQuery{After: after, Since: t.fromTime, Max: most})
	return feedPage{docs, next, err}
}

// fill adds what has come since a page was read that is not full.
func (t *Trigger) fill(ctx context.Context, feed Feed, p feedPage) feedPage {
	room := t.page - len(p.docs)
	if p.err != nil || len(p.docs) == 0 || room <= 0 {
		return p
	}
	more := t.read(ctx, feed, p.next, room)
	if more.err != nil || len(more.docs) == 0 {
		return p // an error will show again at the next read
	}
	return feedPage{append(p.docs, more.docs...), more.next, nil}
}

// feedTimeLayout is the form of times in the log: UTC with milliseconds.
const feedTimeLayout = "2006-01-02T15:04:05.000Z"

// call hands documents over as one JSON array.
func (t *Trigger) call(docs [][]byte) trigger.Call {
	size := 2
	for _, d := range docs {
		size += len(d) + 1
	}
	var array strings.Builder // its String costs no copy
	array.Grow(size)
	for i, d := range docs {
		array.WriteByte("[,"[min(i, 1)])
		array.Write(d)
	}
	array.WriteByte(']')
	value := trigger.JSON(array.String())
	if t.o.Binding.DataType == binding.String {
		value = trigger.Text(value.GetJson())
	}
	c := trigger.Call{
		Reason: fmt.Sprintf("New changes on container %s at %s", t.container, t.now().UTC().Format(feedTimeLayout)),
		Items:  len(docs),
		Data:   func(worker.Capabilities) *funcrpc.TypedData { return value },
	}
	if len(docs) == 1 {
		c.Values = func(name string) (string, bool) { return trigger.LookupJSON(docs[0], name) }
	}
	return c
}
