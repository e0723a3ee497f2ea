package container

import (
	"context"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// Kind is the name of the kind in tables. Targets are database/container.
const Kind = "container"

// ReferenceKind is the row of containers that are reference data.
func ReferenceKind(find Find) jobs.ReferenceKind {
	return jobs.ReferenceKind{Kind: Kind, Open: func(_ context.Context, in jobs.Input) (stream.Reference, error) {
		account, err := find(in.Account)
		if err != nil {
			return nil, err
		}
		database, name, _ := strings.Cut(in.Target, "/")
		return &reference{account, database, name}, nil
	}}
}

// SinkKind is the row of containers that jobs write to.
func SinkKind(find Find) jobs.SinkKind {
	return jobs.SinkKind{Kind: Kind, Open: func(ctx context.Context, out jobs.Output) (stream.Sink, error) {
		account, err := find(out.Account)
		if err != nil {
			return nil, err
		}
		database, name, _ := strings.Cut(out.Target, "/")
		if _, err := account.Need(ctx, database, name, ""); err != nil {
			return nil, err
		}
		return &sink{account, database, name, out.Column}, nil
	}}
}
