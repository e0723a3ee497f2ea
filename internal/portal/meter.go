package portal

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// Meter counts what the engines report. It exists before them, because they
// are built with its methods as their listeners; every method may be called
// from any goroutine and returns at once.
type Meter struct {
	started time.Time

	hubs      sync.Map // hub name in lower case -> *hubCounters
	readers   sync.Map // readerKey -> *readerCounters
	marks     sync.Map // checkpointKey -> *atomic.Int64, the last sequence number processed
	functions sync.Map // functionKey -> *functionCounters

	requests    atomic.Int64 // finished Cosmos DB requests
	charge      atomic.Int64 // their request units, in hundredths
	throttled   atomic.Int64 // those answered with 429 or 5xx
	connections atomic.Int64 // AMQP connections that are open
}

// hubCounters are what went into a hub since the start.
type hubCounters struct {
	events, bytes, refused atomic.Int64
	partitions             sync.Map // int -> *atomic.Int64, events
}

// readerKey names what one kind of reader got: clients of a consumer group.
type readerKey struct{ hub, group string }

type readerCounters struct {
	events atomic.Int64
	lastAt atomic.Int64 // unix milliseconds
}

// checkpointKey names the position of a group in a partition.
type checkpointKey struct{ hub, group, partition string }

// NewMeter returns a meter that has counted nothing.
func NewMeter() *Meter { return &Meter{started: time.Now()} }

// Broker listens to the broker (broker.Options.Events).
func (m *Meter) Broker(e broker.Event) {
	switch e := e.(type) {
	case broker.Appended:
		h := m.hub(e.Hub)
		h.events.Add(int64(e.Count))
		h.bytes.Add(int64(e.Bytes))
		counter(&h.partitions, e.Partition).Add(int64(e.Count))
	case broker.AppendFailed:
		m.hub(e.Hub).refused.Add(1)
	}
}

// Delivered counts events that a client of a consumer group received.
func (m *Meter) Delivered(hub, group string, count int) {
	r := loadOr(&m.readers, readerKey{strings.ToLower(hub), group}, func() *readerCounters { return new(readerCounters) })
	r.events.Add(int64(count))
	r.lastAt.Store(time.Now().UnixMilli())
}

// Connected counts AMQP connections: +1 for one opened, -1 for one closed.
func (m *Meter) Connected(delta int) { m.connections.Add(int64(delta)) }

// Request counts a finished Cosmos DB request.
func (m *Meter) Request(status int, charge float64) {
	m.requests.Add(1)
	m.charge.Add(int64(charge * 100))
	if status == 429 || status >= 500 {
		m.throttled.Add(1)
	}
}

// checkpoint notes a trigger's position in a partition of a hub.
func (m *Meter) checkpoint(c trigger.Checkpoint) {
	if c.Partition == "" {
		return // of a change feed
	}
	key := checkpointKey{strings.ToLower(c.Target), strings.ToLower(c.Group), c.Partition}
	loadOr(&m.marks, key, func() *atomic.Int64 { return new(atomic.Int64) }).Store(c.Sequence)
}

// mark returns the last sequence number a group processed of a partition.
func (m *Meter) mark(hub, group string, partition int) (int64, bool) {
	key := checkpointKey{strings.ToLower(hub), strings.ToLower(group), strconv.Itoa(partition)}
	v, ok := m.marks.Load(key)
	if !ok {
		return 0, false
	}
	return v.(*atomic.Int64).Load(), true
}

// App returns a listener for the events of one function app's host.
func (m *Meter) App(app string) host.Listener {
	return func(e host.Event) {
		switch e := e.(type) {
		case host.InvocationStarted:
			m.function(app, e.Function).begin(e)
		case host.InvocationFinished:
			m.function(app, e.Function).finish(e)
		case host.LogWritten:
			if e.Function != "" {
				m.function(app, e.Function).log(e)
			}
		case host.Checkpointed:
			m.checkpoint(e.Checkpoint)
		}
	}
}

func (m *Meter) hub(name string) *hubCounters {
	return loadOr(&m.hubs, strings.ToLower(name), func() *hubCounters { return new(hubCounters) })
}

type functionKey struct{ app, function string }

func (m *Meter) function(app, name string) *functionCounters {
	return loadOr(&m.functions, functionKey{app, name}, newFunctionCounters)
}

func counter[K comparable](in *sync.Map, key K) *atomic.Int64 {
	return loadOr(in, key, func() *atomic.Int64 { return new(atomic.Int64) })
}

// loadOr returns the value of a key, made when it is the first time.
func loadOr[K comparable, V any](in *sync.Map, key K, make func() *V) *V {
	if v, ok := in.Load(key); ok {
		return v.(*V)
	}
	v, _ := in.LoadOrStore(key, make())
	return v.(*V)
}
