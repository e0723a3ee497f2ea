package container

import (
	"context"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// Kind is the name of the kind in tables. Targets are database/container.
const Kind = "container"

// Find finds a container by name as it is now, or fails with fault.NotFound.
type Find func(database, container string) (*docstore.Container, error)

// Ensure makes a container that is missing, if that is allowed.
type Ensure func(ctx context.Context, database, container string) error

// ReferenceKind is the row of containers that are reference data.
func ReferenceKind(find Find) jobs.ReferenceKind {
	return jobs.ReferenceKind{Kind: Kind, Open: func(_ context.Context, in jobs.Input) (stream.Reference, error) {
		database, name, _ := strings.Cut(in.Target, "/")
		return &reference{find, database, name}, nil
	}}
}

// SinkKind is the row of containers that jobs write to.
func SinkKind(find Find, ensure Ensure) jobs.SinkKind {
	return jobs.SinkKind{Kind: Kind, Open: func(ctx context.Context, out jobs.Output) (stream.Sink, error) {
		database, name, _ := strings.Cut(out.Target, "/")
		if err := ensure(ctx, database, name); err != nil {
			return nil, err
		}
		return &sink{find, database, name, out.Column}, nil
	}}
}
