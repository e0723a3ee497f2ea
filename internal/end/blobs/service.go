package blobs

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Use is what somebody does with a container.
type Use uint8

// The uses.
const (
	Read Use = iota
	Write
)

// Service is the containers that connection settings lead to.
type Service interface {
	// Open returns the container; fault.NotFound when there is none.
	Open(ctx context.Context, c settings.Connection, name string, use Use) (Container, error)
	// Need is Open, and makes a container that is missing.
	Need(ctx context.Context, c settings.Connection, name string, use Use) (Container, error)
	// Await waits until the container may be there.
	Await(ctx context.Context, c settings.Connection, name string) error
}

// Container is one container. One that is deleted meanwhile answers fault.Gone or
// fault.NotFound.
type Container interface {
	Account() string // its account's name
	// URL is the address of a blob.
	URL(blob string) string
	// Changes returns, in order, blobs that were written after a position, each at its
	// newest place, and the position up to which that is all.
	Changes(ctx context.Context, after objectstore.Position, most int) ([]objectstore.Change, objectstore.Position, error)
	// WaitChange waits until there may be a change after a position.
	WaitChange(ctx context.Context, after objectstore.Position) error
	// LastChange is the position of now.
	LastChange() objectstore.Position
	// Info is what is known of a blob; fault.NotFound.
	Info(ctx context.Context, blob string) (objectstore.Info, error)
	// Read returns the whole content of a blob, of the state with the ETag unless that
	// is "". Another state is fault.PreconditionFailed.
	Read(ctx context.Context, blob, etag string) ([]byte, objectstore.Info, error)
	// Write makes the content the blob.
	Write(ctx context.Context, blob string, content []byte) error
}

// Scanner is a Container whose changes are found by listing it, so that they may come
// twice.
type Scanner interface{ Scans() bool }
