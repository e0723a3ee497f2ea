package jobs

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// Input is what a query reads: a stream, or a table of reference data.
type Input struct {
	Name string // in FROM
	Kind string // of a row of Kinds
	// Account is the namespace or account that the target is in; "" is the one
	// that localhost means.
	Account string
	Target  string // which hub, database/container, file, …
	Group   string // consumer group; "" is the kind's default
	// PartitionKey is the property by which the senders partition, or "".
	PartitionKey string
	Reference    bool
	Refresh      time.Duration // of reference data; 0: at starts only
	Format       string        // how texts hold rows: "" is by the name
	Blobs        Blobs
}

// Output is what a query writes.
type Output struct {
	Name       string // in INTO
	Kind       string // of a row of Kinds
	Account    string // as of Input
	Target     string
	Column     string   // that is the document's id, the event's key; "" is the kind's default
	Properties []string // columns that become properties of an event
	Format     string   // how rows become events or text: "" is the kind's default
	Blobs      Blobs
}

// Blobs are what inputs and outputs of blobs have besides.
type Blobs struct {
	Date, Time  string // what {date} and {time} stand for in the path
	Delimiter   string // of CSV: comma, semicolon, space, tab, bar; "" is the comma
	Compression string // of an input: gzip, deflate; "" is none
	Partitions  int    // of an input whose path has {partition}; 0: 1
	FileBytes   int64  // of an output: a file that has so many is followed by another; 0: no bound
}

// Kinds are what jobs can read and write, a row a kind. A row's Open checks what
// can be checked and may make what is missing; what it returns finds its thing by
// name again whenever it is used.
type Kinds struct {
	Sources    []SourceKind
	References []ReferenceKind
	Sinks      []SinkKind
}

// SourceKind is a kind of stream.
type SourceKind struct {
	Kind string
	Blob bool // its events are of blobs, whose names and times queries see
	Open func(ctx context.Context, in Input, log *slog.Logger) (Source, error)
}

// ReferenceKind is a kind of table.
type ReferenceKind struct {
	Kind string
	Open func(ctx context.Context, in Input) (stream.Reference, error)
}

// SinkKind is a kind of output. A sink that is an io.Closer is closed when its
// job is gone.
type SinkKind struct {
	Kind string
	Open func(ctx context.Context, out Output) (stream.Sink, error)
}

// Source is a stream whose partitions may come and go. Partitions and Open fail
// with fault.NotFound while there is none of its name; a reader of one that is
// gone ends with fault.Gone.
type Source interface {
	stream.Source
	// Changed is closed when Partitions may have another answer. Get it before
	// asking.
	Changed() <-chan struct{}
	// Behind is how many events a partition holds from an offset on.
	Behind(partition int, next int64) int64
	// Recent is the newest events, at most so many of all partitions and so many
	// bytes of bodies: a list for each partition, the oldest first. It is for a look,
	// so nobody is told that they were read.
	Recent(ctx context.Context, most, bytes int) ([][]stream.Event, error)
	// Warnings say what a person should know about reading it.
	Warnings() []Warning
}

// Warning says what is wrong with an input, and what to do.
type Warning struct {
	Kind   string // retention, blob
	Text   string
	Events int64 // since the job was built
	At     time.Time
}

func kindOf[T any](rows []T, name func(T) string, kind string) (T, error) {
	i := slices.IndexFunc(rows, func(r T) bool { return name(r) == kind })
	if i < 0 {
		var none T
		return none, fault.New(fault.Invalid, "kind "+kind, "is not there")
	}
	return rows[i], nil
}

func (k Kinds) source(kind string) (SourceKind, error) {
	return kindOf(k.Sources, func(r SourceKind) string { return r.Kind }, kind)
}

func (k Kinds) reference(kind string) (ReferenceKind, error) {
	return kindOf(k.References, func(r ReferenceKind) string { return r.Kind }, kind)
}

func (k Kinds) sink(kind string) (SinkKind, error) {
	return kindOf(k.Sinks, func(r SinkKind) string { return r.Kind }, kind)
}

// TryInput opens an input as a job would, for a look.
func (k Kinds) TryInput(ctx context.Context, in Input) error {
	if in.Reference {
		row, err := k.reference(in.Kind)
		if err == nil {
			_, err = row.Open(ctx, in)
		}
		return err
	}
	row, err := k.source(in.Kind)
	if err == nil {
		_, err = row.Open(ctx, in, slog.New(slog.DiscardHandler))
	}
	return err
}

// TryOutput opens an output as a job would, for a look.
func (k Kinds) TryOutput(ctx context.Context, out Output) error {
	row, err := k.sink(out.Kind)
	if err != nil {
		return err
	}
	s, err := row.Open(ctx, out)
	if c, is := s.(io.Closer); is && err == nil {
		return c.Close()
	}
	return err
}
