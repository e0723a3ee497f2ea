package telemetry

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Counts are the counters of one process. They exist before the engines, which
// are built with their listeners.
type Counts struct {
	Started time.Time
	Logs    *Logs // what was said

	hubs      sync.Map // hubKey -> *Hub
	readers   sync.Map // hubKey -> *sync.Map: group -> *Reader
	marks     sync.Map // markKey -> *atomic.Int64, the last sequence number processed
	functions sync.Map // functionKey -> *Function
	shares    shares
	unstored  unstored
	storage   storages

	Requests    atomic.Int64 // finished Cosmos DB requests
	Charge      atomic.Int64 // their request units, in hundredths
	Throttled   atomic.Int64 // those answered with 429 or 5xx
	Connections atomic.Int64 // AMQP connections that are open
}

// New returns counters that have counted nothing.
func New() *Counts { return &Counts{Started: time.Now(), Logs: NewLogs()} }

// Hub is what went into a hub since the start.
type Hub struct {
	Events, Bytes, Refused atomic.Int64
	partitions             sync.Map // int -> *atomic.Int64, events
}

// Partition is how many events went into a partition.
func (h *Hub) Partition(id int) *atomic.Int64 {
	return loadOr(&h.partitions, id, func() *atomic.Int64 { return new(atomic.Int64) })
}

// hubKey names a hub: the id of its namespace, its name in lower case.
type hubKey struct {
	namespace uint64
	name      string
}

// Hub returns the counters of a hub.
func (c *Counts) Hub(namespace uint64, name string) *Hub {
	return loadOr(&c.hubs, hubKey{namespace, strings.ToLower(name)}, func() *Hub { return new(Hub) })
}

// Hubs calls f with every hub of a namespace that something went into. The name
// is in lower case.
func (c *Counts) Hubs(namespace uint64, f func(name string, h *Hub)) {
	c.hubs.Range(func(k, v any) bool {
		if key := k.(hubKey); key.namespace == namespace {
			f(key.name, v.(*Hub))
		}
		return true
	})
}

// Reader is what the clients of a consumer group got.
type Reader struct {
	Events atomic.Int64
	LastAt atomic.Int64 // unix milliseconds; 0: nothing came yet
	Links  atomic.Int64 // of clients, open now
	nexts  sync.Map     // int, the partition -> *atomic.Int64
}

// Next is the sequence number after the last event that clients of the group
// were given of a partition, or with which a link of theirs began. It is unknown
// when none has read it since the start.
func (r *Reader) Next(partition int) (int64, bool) {
	v, ok := r.nexts.Load(partition)
	if !ok {
		return 0, false
	}
	return v.(*atomic.Int64).Load(), true
}

func (r *Reader) next(partition int) *atomic.Int64 {
	return loadOr(&r.nexts, partition, func() *atomic.Int64 { return new(atomic.Int64) })
}

// reader is the counters of a consumer group.
func (c *Counts) reader(namespace uint64, hub, group string) *Reader {
	groups := loadOr(&c.readers, hubKey{namespace, strings.ToLower(hub)}, func() *sync.Map { return new(sync.Map) })
	return loadOr(groups, strings.ToLower(group), func() *Reader { return new(Reader) })
}

// Delivered counts events that readers of a consumer group were given. Clients
// and jobs write the group's name as they like: it is one group.
func (c *Counts) Delivered(namespace uint64, hub, group string, count int) {
	r := c.reader(namespace, hub, group)
	r.Events.Add(int64(count))
	r.LastAt.Store(time.Now().UnixMilli())
}

// Readers calls f with every consumer group through which a hub was read, its
// name in lower case.
func (c *Counts) Readers(namespace uint64, hub string, f func(group string, r *Reader)) {
	groups, ok := c.readers.Load(hubKey{namespace, strings.ToLower(hub)})
	if !ok {
		return
	}
	groups.(*sync.Map).Range(func(k, v any) bool {
		f(k.(string), v.(*Reader))
		return true
	})
}

// markKey names the position of a group in a partition; names are in lower case.
type markKey struct {
	hub       hubKey
	group     string
	partition int
}

// Reached notes the last event of a partition that a group has processed.
func (c *Counts) Reached(namespace uint64, hub, group string, partition int, sequence int64) {
	key := markKey{hubKey{namespace, strings.ToLower(hub)}, strings.ToLower(group), partition}
	loadOr(&c.marks, key, func() *atomic.Int64 { return new(atomic.Int64) }).Store(sequence)
}

// Mark returns the sequence number that Reached noted last, if there is one.
func (c *Counts) Mark(namespace uint64, hub, group string, partition int) (int64, bool) {
	v, ok := c.marks.Load(markKey{hubKey{namespace, strings.ToLower(hub)}, strings.ToLower(group), partition})
	if !ok {
		return 0, false
	}
	return v.(*atomic.Int64).Load(), true
}

// loadOr returns the value of a key, made when it is the first time.
func loadOr[K comparable, V any](in *sync.Map, key K, make func() *V) *V {
	if v, ok := in.Load(key); ok {
		return v.(*V)
	}
	v, _ := in.LoadOrStore(key, make())
	return v.(*V)
}
