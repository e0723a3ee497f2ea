package container

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/changefeed"
	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// Trigger feeds a container's changes to a function.
//
// Supported binding properties: databaseName, containerName (or
// collectionName), connection (or connectionStringSetting), leaseConnection,
// leaseDatabaseName, leaseContainerName (or leaseCollectionName),
// leaseContainerPrefix, createLeaseContainerIfNotExists, startFromBeginning,
// startFromTime, maxItemsPerInvocation, dataType string, feedPollDelay (of accounts elsewhere: changes
// of this process wake the trigger), leaseAcquireInterval, leaseExpirationInterval and
// leaseRenewInterval, all in milliseconds. Only the latest version of a document is
// delivered; deletes are not.
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
	timing                        changefeed.Options
	reads                         atomic.Pointer[processes]
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
	if b.DataType == binding.String {
		b.Heeds("dataType")
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
	if mode := b.Text("changeFeedMode"); mode != "" && !strings.EqualFold(mode, "LatestVersion") {
		return fault.New(fault.Invalid, "binding "+b.Name, "changeFeedMode %s is not supported: the change feed here has the latest version of each document and no deletes", mode)
	}
	for _, name := range []string{"checkpointInterval", "checkpointDocumentCount"} {
		b.Ignored(name, "the position is saved after each invocation")
	}
	b.Ignored("preferredLocations", oneRegion)
	b.Ignored("leasesContainerThroughput", noThroughput)
	b.Ignored("leasesCollectionThroughput", noThroughput)
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
	if err := t.readTiming(b); err != nil {
		return err
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

// readTiming reads the intervals; 0 is the default of each.
func (t *Trigger) readTiming(b *binding.Binding) error {
	for property, d := range map[string]*time.Duration{
		"feedPollDelay": &t.timing.PollInterval, "leaseAcquireInterval": &t.timing.AcquireInterval,
		"leaseRenewInterval": &t.timing.RenewInterval, "leaseExpirationInterval": &t.timing.LeaseExpiration,
	} {
		ms, err := b.Int(property, 0)
		if err != nil {
			return err
		}
		if ms < 0 {
			return fault.New(fault.Invalid, "binding "+b.Name, "%s is in milliseconds and must not be negative", property)
		}
		*d = time.Duration(ms) * time.Millisecond
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
	all := make([]json.RawMessage, len(docs))
	for i := range docs {
		all[i] = docs[i]
	}
	c := t.call(all)
	c.Values = nil
	return c, nil
}

// Run processes changes until ctx ends. It returns an error when a container cannot
// be opened, or is deleted; the caller may run it again. What holds up a range
// meanwhile it tells, and tries again.
func (t *Trigger) Run(ctx context.Context) error {
	feed, err := t.containers.Feed(ctx, t.conn, t.database, t.container)
	if err != nil {
		return fmt.Errorf("open the change feed of %s: %w", t.describe(), err)
	}
	store, err := t.containers.Leases(ctx, t.leaseConn, t.leaseDatabase, t.leaseContainer, t.createLeases)
	if err != nil {
		return fmt.Errorf("open lease container %s/%s: %w", t.leaseDatabase, t.leaseContainer, err)
	}
	t.reads.Store(&processes{feed, store})
	defer t.reads.Store(nil)
	o := t.timing
	o.Owner, o.Prefix, o.Log = t.o.Owner, t.leasePrefix, t.o.Log
	o.StartFromBeginning, o.StartFrom, o.MaxItems = t.fromBeginning, t.fromTime, t.page
	o.State, o.Checkpointed = t.heldUp(), t.tell
	p, err := changefeed.New(feed, store, t.handle, &o)
	if err != nil {
		return err
	}
	defer t.o.Waits("")
	if err := p.Run(ctx); err != nil {
		return trigger.IgnoreEnd(ctx, fmt.Errorf("process the changes of %s: %w", t.describe(), err))
	}
	return nil
}

// handle hands documents to the function. A failed function does not hold the feed
// back: a retry policy does, or a circuit breaker.
func (t *Trigger) handle(ctx context.Context, docs []json.RawMessage) error {
	c := t.call(docs)
	t.caused(&c, docs)
	err := t.o.Invoker.Invoke(ctx, t.kept(c, docs))
	if trigger.Unfinished(ctx, err) {
		return trigger.ErrCancelled
	}
	return nil
}

// caused says whose calls wrote the documents, where that is known: of accounts of this
// process.
func (t *Trigger) caused(c *trigger.Call, docs []json.RawMessage) {
	reads := t.reads.Load()
	if reads == nil {
		return
	}
	if feed, ok := reads.feed.(*localFeed); ok {
		c.CausedBy(len(docs), func(i int) trigger.Link { return trigger.Link{TraceParent: feed.contextOf(docs[i])} })
	}
}

// heldUp makes what is told how each lease does. The function waits while one of them
// is held up.
func (t *Trigger) heldUp() func(lease string, err error) {
	why := map[string]error{}
	return func(lease string, err error) {
		if err == nil {
			delete(why, lease)
		} else {
			why[lease] = err
		}
		if len(why) == 0 {
			t.o.Waits("")
			return
		}
		first := slices.Min(slices.Collect(maps.Keys(why)))
		t.o.Waits(fmt.Sprintf("the changes of %s do not come: %v", t.describe(), why[first]))
	}
}

// kept gives a call its letters, where the function has a place for them.
func (t *Trigger) kept(c trigger.Call, docs []json.RawMessage) trigger.Call {
	if t.o.Aside == nil {
		return c
	}
	c.Letters = func() []letter.Item {
		all := make([]letter.Item, len(docs))
		for i, d := range docs {
			all[i].Body = d
			all[i].MessageID, _ = trigger.LookupJSON(d, "id")
		}
		return all
	}
	return c
}

// Again makes the invocation for a document that was set aside, as it was then.
func (t *Trigger) Again(_ context.Context, i letter.Item) (trigger.Call, error) {
	if !json.Valid(i.Body) {
		return trigger.Call{}, fault.New(fault.Invalid, "dead letter", "its body is no document")
	}
	return t.call([]json.RawMessage{i.Body}), nil
}

// tell says how far the feed has been processed: positions of this service are
// sequence numbers in quotes.
func (t *Trigger) tell(_, position string) {
	if n, err := strconv.ParseInt(strings.Trim(position, `"`), 10, 64); err == nil {
		t.o.Checkpointed(trigger.Checkpoint{Host: hostOf(t.conn), Target: t.database + "/" + t.container, Sequence: n})
	}
}

// feedTimeLayout is the form of times in the log: UTC with milliseconds.
const feedTimeLayout = "2006-01-02T15:04:05.000Z"

// joinDocuments makes one JSON array of documents.
func joinDocuments[D ~[]byte](docs []D) string {
	size := 2
	for _, d := range docs {
		size += len(d) + 1
	}
	var array strings.Builder // its String costs no copy
	array.Grow(size)
	array.WriteByte('[')
	for i, d := range docs {
		if i > 0 {
			array.WriteByte(',')
		}
		array.Write(d)
	}
	array.WriteByte(']')
	return array.String()
}

// call hands documents over as one JSON array.
func (t *Trigger) call(docs []json.RawMessage) trigger.Call {
	value := trigger.JSON(joinDocuments(docs))
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
