// Package triggertest has sources and sinks in memory for tests of the host,
// and the contract suite that every real implementation must pass as well.
//
// The memory sources do what package trigger promises and no more. They also
// rehearse failure: Fail makes the next calls of an operation return an error.
package triggertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// Memory is a MetadataStore, and a Connector through its method of that name.
// The zero value is not usable; see
// New. Hubs and containers come to be when they are named.
type Memory struct {
	partitions int

	mu         sync.Mutex // guards everything below and inside
	changed    chan struct{}
	hubs       map[string][][]trigger.Event // by name, per partition
	containers map[string]*container        // by database/container
	metadata   map[string]map[string]string // by container/blob
	fail       map[string]failure
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
		partitions: partitions, changed: make(chan struct{}), hubs: map[string][][]trigger.Event{},
		containers: map[string]*container{}, metadata: map[string]map[string]string{}, fail: map[string]failure{},
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
	parts := m.hub(hub)
	for _, b := range bodies {
		n := len(parts[partition])
		parts[partition] = append(parts[partition], trigger.Event{
			Body: []byte(b), Sequence: int64(n), Offset: strconv.Itoa(100 + n),
			EnqueuedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(n) * time.Millisecond),
		})
	}
	m.notify()
}

func (m *Memory) hub(name string) [][]trigger.Event {
	if m.hubs[name] == nil {
		m.hubs[name] = make([][]trigger.Event, m.partitions)
	}
	return m.hubs[name]
}

// Events returns what a hub holds, partition after partition.
func (m *Memory) Events(hub string) []trigger.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []trigger.Event
	for _, p := range m.hub(hub) {
		all = append(all, p...)
	}
	return all
}

// Checkpoint returns a blob's metadata, nil when there is none.
func (m *Memory) Checkpoint(blob string) map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.metadata["azure-webjobs-eventhub/"+blob]
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

// EventHub implements trigger.Connector.
func (m *Memory) EventHub(_ context.Context, c settings.Connection, hub, _ string) (trigger.EventHub, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing("eventhub"); err != nil {
		return nil, err
	}
	m.hub(hub)
	return &memoryHub{m, hub, c.Host()}, nil
}

// ChangeFeed implements trigger.Connector.
func (m *Memory) ChangeFeed(_ context.Context, c settings.Connection, database, name string) (trigger.ChangeFeed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memoryFeed{m, m.container(database, name), trigger.FeedIdentity{
		AccountHost: c.Host(), DatabaseRID: database, ContainerRID: name,
	}}, nil
}

// Leases implements trigger.Connector.
func (m *Memory) Leases(_ context.Context, _ settings.Connection, database, name string, _ bool) (trigger.Leases, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memoryLeases{m, m.container(database, name)}, nil
}

// sink opens a container for writing.
func (m *Memory) sink(database, name string) trigger.DocumentSink {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memorySink{m, m.container(database, name)}
}

// Connector returns the sources as the host wants them.
func (m *Memory) Connector() trigger.Connector { return connector{m} }

type connector struct{ *Memory }

func (c connector) Documents(_ context.Context, _ settings.Connection, database, name, _ string) (trigger.DocumentSink, error) {
	return c.sink(database, name), nil
}

// EventSink implements trigger.Connector.
func (m *Memory) EventSink(_ context.Context, _ settings.Connection, hub string) (trigger.EventSink, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return memoryEventSink{m, hub}, m.failing("eventsink")
}

// Metadata implements trigger.MetadataStore.
func (m *Memory) Metadata(_ context.Context, container, blob string) (map[string]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.metadata[container+"/"+blob]
	if !ok {
		return nil, fault.New(fault.NotFound, "blob "+blob, "no such blob")
	}
	return v, nil
}

// SetMetadata implements trigger.MetadataStore.
func (m *Memory) SetMetadata(_ context.Context, container, blob string, metadata map[string]string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing("checkpoint"); err != nil {
		return err
	}
	m.metadata[container+"/"+blob] = metadata
	return nil
}

type memoryHub struct {
	m         *Memory
	name      string
	namespace string
}

func (h *memoryHub) Namespace() string { return h.namespace }

func (h *memoryHub) Partitions(context.Context) ([]string, error) {
	var ids []string
	for i := range h.m.partitions {
		ids = append(ids, strconv.Itoa(i))
	}
	return ids, nil
}

func (h *memoryHub) Open(_ context.Context, partition string, from trigger.Position) (trigger.EventReader, error) {
	p, err := strconv.Atoi(partition)
	if err != nil || p >= h.m.partitions {
		return nil, fault.New(fault.NotFound, "partition "+partition, "no such partition")
	}
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	r := &memoryReader{m: h.m, hub: h.name, partition: p}
	events := h.m.hub(h.name)[p]
	switch from.Kind {
	case trigger.FromEnd:
		r.next = len(events)
	case trigger.AfterOffset:
		for r.next < len(events) && events[r.next].Offset != from.Offset {
			r.next++
		}
		r.next++
	case trigger.FromTime:
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

func (r *memoryReader) Read(ctx context.Context, dst []trigger.Event, max int) ([]trigger.Event, error) {
	for {
		r.m.mu.Lock()
		err := r.m.failing("read")
		events, changed := r.m.hub(r.hub)[r.partition], r.m.changed
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
	identity trigger.FeedIdentity
}

func (f *memoryFeed) Identity() trigger.FeedIdentity { return f.identity }

func (f *memoryFeed) Now(context.Context) (string, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	return strconv.Itoa(f.c.lsn), nil
}

func (f *memoryFeed) Read(_ context.Context, q trigger.FeedQuery) ([][]byte, string, error) {
	after := 0
	if q.After != "" {
		var err error
		if after, err = strconv.Atoi(q.After); err != nil {
			return nil, "", fault.New(fault.Invalid, "continuation", "%q is not a number", q.After)
		}
	}
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if err := f.m.failing("changes"); err != nil {
		return nil, "", err
	}
	var docs [][]byte
	for _, d := range f.c.order {
		if d.lsn > after && len(docs) < q.Max {
			docs = append(docs, d.body)
			after = d.lsn
		}
	}
	return docs, strconv.Itoa(after), nil
}

func (f *memoryFeed) Wait(ctx context.Context, after string) error {
	n, _ := strconv.Atoi(after)
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

func (l *memoryLeases) KeyPath() string { return "/id" }

func (l *memoryLeases) Read(_ context.Context, id string) ([]byte, string, error) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	d, ok := l.c.get(id)
	if !ok {
		return nil, "", fault.New(fault.NotFound, "document "+id, "no such document")
	}
	return d.body, etag(d.lsn), nil
}

func (l *memoryLeases) Create(_ context.Context, body []byte) (string, error) {
	id, err := idOf(body)
	if err != nil {
		return "", err
	}
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if _, ok := l.c.get(id); ok {
		return "", fault.New(fault.Conflict, "document "+id, "exists")
	}
	return etag(l.c.put(id, body)), nil
}

func (l *memoryLeases) Replace(_ context.Context, id string, body []byte, tag string) (string, error) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	d, ok := l.c.get(id)
	switch {
	case !ok:
		return "", fault.New(fault.NotFound, "document "+id, "no such document")
	case etag(d.lsn) != tag:
		return "", fault.New(fault.PreconditionFailed, "document "+id, "has changed")
	}
	return etag(l.c.put(id, body)), nil
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
func (s memoryEventSink) Send(_ context.Context, events []trigger.OutgoingEvent) error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if err := s.m.failing("send"); err != nil {
		return err
	}
	parts := s.m.hub(s.hub)
	for _, e := range events {
		p := len(e.PartitionKey) % len(parts)
		n := len(parts[p])
		parts[p] = append(parts[p], trigger.Event{
			Body: bytes.Clone(e.Body), Sequence: int64(n), Offset: strconv.Itoa(100 + n),
			EnqueuedAt: time.Now(), PartitionKey: e.PartitionKey,
		})
	}
	s.m.notify()
	return nil
}
