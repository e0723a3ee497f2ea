package trial

import (
	"context"
	"io"

	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// source is an input in memory.
type source [][]Event

// Partitions implements stream.Source.
func (s source) Partitions(context.Context) (int, error) { return len(s), nil }

// Open implements stream.Source.
func (s source) Open(_ context.Context, partition int, _ stream.Position) (stream.Reader, error) {
	return &reader{rest: s[partition]}, nil
}

type reader struct{ rest []Event }

// Read implements stream.Reader.
func (r *reader) Read(_ context.Context, b *stream.Batch, most int) error {
	b.Events = b.Events[:0]
	n := min(most, len(r.rest))
	if n == 0 {
		return io.EOF
	}
	for i := range r.rest[:n] {
		e := &r.rest[i]
		out := stream.Event{Offset: e.Offset, Sequence: e.Sequence, Arrival: e.Arrival, Body: e.Body, PartitionKey: e.Key, Origin: e.Origin, In: e.In}
		if e.Properties != nil {
			out.Properties = properties(e.Properties)
		}
		b.Events = append(b.Events, out)
	}
	r.rest = r.rest[n:]
	return nil
}

// Backlog implements stream.Reader.
func (r *reader) Backlog() int64 { return int64(len(r.rest)) }

// Close implements stream.Reader.
func (r *reader) Close() error { return nil }

type properties []Property

// Each implements stream.Properties.
func (p properties) Each(use func(name string, v streamsql.Value)) error {
	for _, one := range p {
		use(one.Name, one.value())
	}
	return nil
}

type table []stream.Snapshot

// Snapshots implements stream.Reference.
func (t table) Snapshots(context.Context) ([]stream.Snapshot, error) { return t, nil }
