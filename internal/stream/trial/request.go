package trial

import (
	"math"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// The bounds of a trial.
const (
	Longest    = 10 * time.Second // until the child is ended
	MostMemory = 512 << 20        // bytes that the child may hold
	MostRows   = 1_000            // of an output that are handed back; all are counted
	mostAnswer = 4 << 20          // bytes of all those rows
	mostWire   = 32 << 20         // bytes of an answer with all that stands around them
)

// limits are what the engine may hold in the child. It names what it refuses,
// which the bound of memory cannot.
var limits = stream.Limits{Keys: 200_000, HeldRows: 500_000, StateSize: 128 << 20, Partials: 100_000}

// Request is a query and what it reads.
type Request struct {
	Query         string
	Functions     []streamsql.Function
	Inputs        []Input
	References    []Reference
	Outputs       []string
	PartitionKeys map[string]string
	Policy        stream.TimePolicy
}

// Input is a stream: the events of each partition.
type Input struct {
	Name       string
	Blob       bool // its events are of blobs
	Partitions [][]Event
}

// Reference is a table.
type Reference struct {
	Name      string
	Snapshots []stream.Snapshot
}

// Event is a stream.Event that can be sent to a child.
type Event struct {
	Offset, Sequence, Arrival int64 // as of stream.Event
	Key                       string
	Origin                    string
	In                        *stream.Place
	Body                      []byte
	Properties                []Property
}

// Property is one that the sender of an event has set.
type Property struct {
	Name string
	Kind streamsql.Kind
	Num  uint64 // of a bit, bigint or datetime; the bits of a float
	Text string // of a string, record or array
}

// EventOf copies an event.
func EventOf(e *stream.Event) (Event, error) {
	out := Event{Offset: e.Offset, Sequence: e.Sequence, Arrival: e.Arrival, Key: e.PartitionKey, Origin: e.Origin, In: e.In, Body: append([]byte(nil), e.Body...)}
	if e.Properties == nil {
		return out, nil
	}
	return out, e.Properties.Each(func(name string, v streamsql.Value) {
		p := Property{Name: strings.Clone(name), Kind: v.Kind(), Num: uint64(v.Int())}
		if v.Kind() == streamsql.Float {
			p.Num = math.Float64bits(v.Float())
		}
		p.Text = strings.Clone(v.Text())
		out.Properties = append(out.Properties, p)
	})
}

func (p Property) value() streamsql.Value {
	switch p.Kind {
	case streamsql.Null:
	case streamsql.Bit:
		return streamsql.BitValue(p.Num != 0)
	case streamsql.BigInt:
		return streamsql.BigIntValue(int64(p.Num))
	case streamsql.Float:
		return streamsql.FloatValue(math.Float64frombits(p.Num))
	case streamsql.String:
		return streamsql.StringValue(p.Text)
	case streamsql.DateTime:
		return streamsql.DateTimeValue(int64(p.Num))
	case streamsql.Record:
		return streamsql.RecordValue(p.Text)
	case streamsql.Array:
		return streamsql.ArrayValue(p.Text)
	}
	return streamsql.NullValue
}

// Result is what the query did.
type Result struct {
	Outputs []Output
	Metrics stream.Metrics
}

// Output is the rows of an output, by their time.
type Output struct {
	Name string
	Rows []Row
	All  int64 // how many there were
}

// Row is one row.
type Row struct {
	Time int64 // System.Timestamp() in ticks
	JSON []byte
	Key  string
}
