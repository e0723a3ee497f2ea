// Package endtest has hubs and containers in memory for tests of the host and
// of the ends themselves, and the contract suites that every real
// implementation must pass as well.
//
// The memory services do what the ends promise and no more. They also
// rehearse failure: Fail makes the next calls of an operation return an error.
package endtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/changefeed"
	containers "github.com/lazuli-dev/lazuli/internal/end/container"
	hubs "github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/end/timer"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// Memory is hubs, containers and a host's blobs. The zero value is not usable;
// see New. Hubs and containers come to be when they are named.
type Memory struct {
	// Remote makes its hubs those of another process.
	Remote bool

	mu         sync.Mutex // guards everything below and inside
	changed    chan struct{}
	partitions int                    // of new hubs
	hubs       map[string]*memoryLog  // by name
	containers map[string]*container  // by database/container
	blobs      map[string]*memoryBlob // by container/blob
	written    int                    // blobs, for ETags
	fail       map[string]failure
	letters    map[string][]*letter.Letter // by container/function
}

type failure struct {
	times int
	err   error
}

// container holds documents in the order of their last change.
type container struct {
	lsn   int
	order []doc
}

type doc struct {
	id   string
	lsn  int
	body []byte
}

// New returns empty sources whose hubs have that many partitions.
func New(partitions int) *Memory {
	return &Memory{
		partitions: partitions, changed: make(chan struct{}), hubs: map[string]*memoryLog{},
		containers: map[string]*container{}, blobs: map[string]*memoryBlob{}, fail: map[string]failure{},
		letters: map[string][]*letter.Letter{},
	}
}

// Fail makes the next times calls of an operation ("upsert", "read",
// "checkpoint", "eventhub", "changes") fail with err.
func (m *Memory) Fail(operation string, times int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail[operation] = failure{times, err}
}

// failing counts a call of the operation. The caller holds mu.
func (m *Memory) failing(operation string) error {
	f := m.fail[operation]
	if f.times == 0 {
		return nil
	}
	m.fail[operation] = failure{f.times - 1, f.err}
	return f.err
}

// notify wakes everybody who waits. The caller holds mu.
func (m *Memory) notify() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// Send appends events with the bodies to a partition.
func (m *Memory) Send(hub string, partition int, bodies ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	parts := m.hub(hub).parts
	for _, b := range bodies {
		n := len(parts[partition])
		parts[partition] = append(parts[partition], hubs.Event{
			Body: []byte(b), Sequence: int64(n), Offset: strconv.Itoa(100 + n),
			EnqueuedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(n) * time.Millisecond),
		})
	}
	m.notify()
}

// memoryLog is one hub. changed is closed when it is replaced.
type memoryLog struct {
	parts   [][]hubs.Event
	changed chan struct{}
}

func (m *Memory) hub(name string) *memoryLog {
	if m.hubs[name] == nil {
		m.hubs[name] = &memoryLog{make([][]hubs.Event, m.partitions), make(chan struct{})}
	}
	return m.hubs[name]
}

// Grow gives a hub more partitions.
func (m *Memory) Grow(hub string, partitions int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.hub(hub)
	parts := append(slices.Clone(old.parts), make([][]hubs.Event, partitions-len(old.parts))...)
	m.hubs[hub] = &memoryLog{parts, make(chan struct{})}
	close(old.changed)
}

// Renew makes a hub anew under its name, empty.
func (m *Memory) Renew(hub string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.hub(hub).changed)
	delete(m.hubs, hub)
}

// Events returns what a hub holds, partition after partition.
func (m *Memory) Events(hub string) []hubs.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []hubs.Event
	for _, p := range m.hub(hub).parts {
		all = append(all, p...)
	}
	return all
}

// Checkpoint returns a blob's metadata, nil when there is none.
func (m *Memory) Checkpoint(blob string) map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.blobs[state.EventHubs+"/"+blob]; b != nil {
		return b.metadata
	}
	return nil
}

// Owners is who has claimed each partition of hub "h" in the default group.
func (m *Memory) Owners(partitions int) (owners []string) {
	for p := range partitions {
		owners = append(owners, m.Checkpoint("localhost/h/$default/ownership/" + strconv.Itoa(p))["ownerid"])
	}
	return owners
}

// Documents returns the bodies of a container in the order of change.
func (m *Memory) Documents(database, name string) [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out [][]byte
	for _, d := range m.container(database, name).order {
		out = append(out, d.body)
	}
	return out
}

// Put writes documents, each a JSON object with an id.
func (m *Memory) Put(t testing.TB, database, name string, docs ...string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range docs {
		id, err := idOf([]byte(d))
		if err != nil {
			t.Fatal(err)
		}
		m.container(database, name).put(id, []byte(d))
	}
	m.notify()
}

func (m *Memory) container(database, name string) *container {
	key := database + "/" + name
	if m.containers[key] == nil {
		m.containers[key] = &container{}
	}
	return m.containers[key]
}

// put stores a document as the newest change. The caller holds mu.
func (c *container) put(id string, body []byte) int {
	c.lsn++
	kept := c.order[:0:0]
	for _, d := range c.order {
		if d.id != id {
			kept = append(kept, d)
		}
	}
	c.order = append(kept, doc{id, c.lsn, bytes.Clone(body)})
	return c.lsn
}

func (c *container) get(id string) (doc, bool) {
	for _, d := range c.order {
		if d.id == id {
			return d, true
		}
	}
	return doc{}, false
}

func idOf(body []byte) (string, error) {
	var d struct{ ID string }
	if err := json.Unmarshal(body, &d); err != nil || d.ID == "" {
		return "", fault.New(fault.Invalid, "document", "needs an id")
	}
	return d.ID, nil
}

// Hubs returns the hubs as triggers and outputs want them.
func (m *Memory) Hubs() hubs.Service { return memoryHubs{m} }

// Containers returns the containers as triggers and outputs want them.
func (m *Memory) Containers() containers.Service { return memoryContainers{m} }

// Triggers are all kinds of triggers, over the memory.
func (m *Memory) Triggers() trigger.Table {
	return trigger.Table{
		hubs.End{Hubs: m.Hubs(), State: m.State}.Trigger(), containers.End{Containers: m.Containers()}.Trigger(),
		timer.End{State: m.State}.Trigger(),
	}
}

// Outputs are all kinds of outputs, over the memory.
func (m *Memory) Outputs() output.Table {
	return output.Table{containers.End{Containers: m.Containers()}.Output(), hubs.End{Hubs: m.Hubs()}.Output()}
}

type memoryHubs struct{ m *Memory }

func (memoryHubs) Host(c settings.Connection) string { return c.Host() }

func (h memoryHubs) Open(_ context.Context, c settings.Connection, hub string, _ hubs.Consumer) (hubs.Hub, error) {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	if err := h.m.failing("eventhub"); err != nil {
		return nil, err
	}
	return &memoryHub{h.m, hub, c.Host(), h.m.hub(hub)}, nil
}

func (h memoryHubs) Sink(_ context.Context, _ settings.Connection, hub string) (hubs.Sink, error) {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	return memoryEventSink{h.m, hub}, h.m.failing("eventsink")
}

type memoryContainers struct{ m *Memory }

func (c memoryContainers) Feed(_ context.Context, conn settings.Connection, database, name string) (changefeed.Source, error) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	return &memoryFeed{c.m, c.m.container(database, name), changefeed.Identity{
		AccountHost: conn.Host(), DatabaseRID: database, ContainerRID: name,
	}}, nil
}

func (c memoryContainers) Leases(_ context.Context, _ settings.Connection, database, name string, _ bool) (changefeed.LeaseStore, error) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	return &memoryLeases{c.m, c.m.container(database, name)}, nil
}

func (c memoryContainers) Sink(_ context.Context, _ settings.Connection, database, name, _ string) (containers.Sink, error) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	return &memorySink{c.m, c.m.container(database, name)}, nil
}

func (c memoryContainers) Reader(_ context.Context, _ settings.Connection, database, name string) (containers.Reader, error) {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	return &memoryDocuments{c.m, c.m.container(database, name)}, nil
}

// memoryDocuments knows documents by their ids, and the query for all of them.
type memoryDocuments struct {
	m *Memory
	c *container
}

func (r *memoryDocuments) Read(_ context.Context, id string, _ *string) ([]byte, error) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	d, _ := r.c.get(id)
	return d.body, nil
}

func (r *memoryDocuments) Query(_ context.Context, q containers.Query) ([][]byte, error) {
	if q.Text != "SELECT * FROM c" {
		return nil, fault.New(fault.Invalid, "query", "the memory knows no %s", q.Text)
	}
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	var rows [][]byte
	for _, d := range r.c.order {
		rows = append(rows, d.body)
	}
	return rows, nil
}

type memoryHub struct {
	m         *Memory
	name      string
	namespace string
	log       *memoryLog // as it was when the hub was opened
}

func (h *memoryHub) Namespace() string { return h.namespace }

// Last implements hubs.Ender.
func (h *memoryHub) Last(_ context.Context, partition string) (int64, bool, error) {
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	p, err := strconv.Atoi(partition)
	n := len(h.m.hub(h.name).parts[p])
	return int64(n - 1), n > 0, err
}

func (h *memoryHub) Changed() <-chan struct{} { return h.log.changed }

func (h *memoryHub) Remote() bool { return h.m.Remote }

func (h *memoryHub) Close() {}

func (h *memoryHub) Partitions(context.Context) ([]string, error) {
	var ids []string
	for i := range h.log.parts {
		ids = append(ids, strconv.Itoa(i))
	}
	return ids, nil
}

// Extent implements hub.Extents.
func (h *memoryHub) Extent(_ context.Context, partition string) (first, last int64, err error) {
	p, err := strconv.Atoi(partition)
	if err != nil || p >= len(h.log.parts) {
		return 0, 0, fault.New(fault.NotFound, "partition "+partition, "no such partition")
	}
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	return 0, int64(len(h.log.parts[p])) - 1, nil
}

func (h *memoryHub) Open(_ context.Context, partition string, from hubs.Position) (hubs.Reader, error) {
	p, err := strconv.Atoi(partition)
	if err != nil || p >= len(h.log.parts) {
		return nil, fault.New(fault.NotFound, "partition "+partition, "no such partition")
	}
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	r := &memoryReader{m: h.m, hub: h.name, partition: p}
	events := h.m.hub(h.name).parts[p]
	switch from.Kind {
	case hubs.FromEnd:
		r.next = len(events)
	case hubs.AfterOffset:
		for r.next < len(events) && events[r.next].Offset != from.Offset {
			r.next++
		}
		r.next++
	case hubs.AfterSequence:
		for r.next < len(events) && events[r.next].Sequence <= from.Sequence {
			r.next++
		}
	case hubs.FromTime:
		for r.next < len(events) && events[r.next].EnqueuedAt.Before(from.Time) {
			r.next++
		}
	}
	return r, nil
}

type memoryReader struct {
	m         *Memory
	hub       string
	partition int
	next      int
}

func (r *memoryReader) Read(ctx context.Context, dst []hubs.Event, max int) ([]hubs.Event, error) {
	for {
		r.m.mu.Lock()
		err := r.m.failing("read")
		events, changed := r.m.hub(r.hub).parts[r.partition], r.m.changed
		r.m.mu.Unlock()
		if err != nil {
			return dst, err
		}
		if r.next < len(events) {
			n := min(max, len(events)-r.next)
			dst = append(dst, events[r.next:r.next+n]...)
			r.next += n
			return dst, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return dst, ctx.Err()
		}
	}
}

func (r *memoryReader) Close() error { return nil }

type memoryFeed struct {
	m        *Memory
	c        *container
	identity changefeed.Identity
}

func (f *memoryFeed) Identity(context.Context) (changefeed.Identity, error) { return f.identity, nil }

func (f *memoryFeed) Ranges(context.Context) ([]changefeed.Range, error) {
	return []changefeed.Range{{ID: "0", Max: "FF"}}, nil
}

func (f *memoryFeed) Now(context.Context, changefeed.Range) (string, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return etag(f.c.lsn), nil
}

// lsnOf reads a position.
func lsnOf(position string) (int, error) {
	if position == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.Trim(position, `"`))
	if err != nil {
		return 0, fault.New(fault.Invalid, "position", "%q is not a number", position)
	}
	return n, nil
}

func (f *memoryFeed) Read(_ context.Context, q changefeed.Query) (page changefeed.Page, err error) {
	if q.Range.ID != "0" {
		return page, changefeed.ErrSplit
	}
	after, err := lsnOf(q.After)
	if err != nil {
		return page, err
	}
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.failing("changes"); err != nil {
		return page, err
	}
	for _, d := range f.c.order {
		if d.lsn > after && len(page.Docs) < q.Max {
			page.Docs = append(page.Docs, d.body)
			after = d.lsn
		}
	}
	page.Next = etag(after)
	return page, nil
}

func (f *memoryFeed) Wait(ctx context.Context, _ changefeed.Range, after string) error {
	n, err := lsnOf(after)
	if err != nil {
		return err
	}
	for {
		f.m.mu.Lock()
		lsn, changed := f.c.lsn, f.m.changed
		f.m.mu.Unlock()
		if lsn > n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

type memoryLeases struct {
	m *Memory
	c *container
}

func (l *memoryLeases) List(_ context.Context, prefix string) (all []json.RawMessage, _ error) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	for _, d := range l.c.order {
		if strings.HasPrefix(d.id, prefix) {
			all = append(all, withETag(d))
		}
	}
	return all, nil
}

// withETag is a document as it is read.
func withETag(d doc) json.RawMessage {
	return append(append(bytes.Clone(d.body[:len(d.body)-1]), `,"_etag":`...), strconv.Quote(etag(d.lsn))+"}"...)
}

func (l *memoryLeases) Read(_ context.Context, id string) (json.RawMessage, error) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	d, ok := l.c.get(id)
	if !ok {
		return nil, changefeed.ErrMissing
	}
	return withETag(d), nil
}

func (l *memoryLeases) Create(_ context.Context, body json.RawMessage) (string, error) {
	id, err := idOf(body)
	if err != nil {
		return "", err
	}
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if _, ok := l.c.get(id); ok {
		return "", changefeed.ErrExists
	}
	return etag(l.c.put(id, body)), nil
}

func (l *memoryLeases) Replace(_ context.Context, body json.RawMessage, tag string) (string, error) {
	id, err := idOf(body)
	if err != nil {
		return "", err
	}
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if err := l.c.demand(id, tag); err != nil {
		return "", err
	}
	return etag(l.c.put(id, body)), nil
}

func (l *memoryLeases) Delete(_ context.Context, body json.RawMessage, tag string) error {
	id, err := idOf(body)
	if err != nil {
		return err
	}
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if err := l.c.demand(id, tag); err != nil {
		return err
	}
	l.c.order = slices.DeleteFunc(l.c.order, func(d doc) bool { return d.id == id })
	return nil
}

// demand demands that the document is as the ETag says.
func (c *container) demand(id, tag string) error {
	d, ok := c.get(id)
	switch {
	case !ok:
		return changefeed.ErrMissing
	case etag(d.lsn) != tag:
		return changefeed.ErrChanged
	}
	return nil
}

func etag(lsn int) string { return fmt.Sprintf("%q", strconv.Itoa(lsn)) }

type memorySink struct {
	m *Memory
	c *container
}

func (s *memorySink) Upsert(_ context.Context, docs [][]byte) error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if err := s.m.failing("upsert"); err != nil {
		return err
	}
	for _, d := range docs {
		id, err := idOf(d)
		if err != nil {
			return err
		}
		s.c.put(id, d)
	}
	s.m.notify()
	return nil
}

type memoryEventSink struct {
	m   *Memory
	hub string
}

// Send puts events with a key into the partition of its length, those without
// into the first.
func (s memoryEventSink) Send(_ context.Context, events []hubs.Outgoing) error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if err := s.m.failing("send"); err != nil {
		return err
	}
	for _, e := range events {
		if len(e.Body) > 1<<20 {
			return fault.New(fault.TooLarge, "event", "it has %d bytes", len(e.Body))
		}
	}
	parts := s.m.hub(s.hub).parts
	for _, e := range events {
		p := len(e.Key) % len(parts)
		n := len(parts[p])
		parts[p] = append(parts[p], hubs.Event{
			Body: bytes.Clone(e.Body), Sequence: int64(n), Offset: strconv.Itoa(100 + n),
			EnqueuedAt: time.Now(), PartitionKey: e.Key,
		})
	}
	s.m.notify()
	return nil
}
