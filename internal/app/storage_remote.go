package app

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/end/blobs"
	"github.com/lazuli-dev/lazuli/internal/end/queues"
	"github.com/lazuli-dev/lazuli/internal/end/tables"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	remoteblobs "github.com/lazuli-dev/lazuli/internal/remote/blobs"
	remotequeues "github.com/lazuli-dev/lazuli/internal/remote/queues"
	remotetables "github.com/lazuli-dev/lazuli/internal/remote/tables"
)

// What functions reach of storage is here, or in another process where a connection
// leads there.

// queueService chooses by the connection.
type queueService struct{ served[queues.Service] }

func (e *env) queueService() queues.Service {
	local := e.localQueues()
	return &queueService{chosen[queues.Service](local.At, local, &remotequeues.Service{Clients: &e.remote.storage})}
}

// Open implements queues.Service.
func (s *queueService) Open(ctx context.Context, c settings.Connection, name string, use queues.Use) (queues.Queue, error) {
	return s.of(c).Open(ctx, c, name, use)
}

// Need implements queues.Service.
func (s *queueService) Need(ctx context.Context, c settings.Connection, name string, use queues.Use) (queues.Queue, error) {
	return s.of(c).Need(ctx, c, name, use)
}

// Await implements queues.Service.
func (s *queueService) Await(ctx context.Context, c settings.Connection, name string) error {
	return s.of(c).Await(ctx, c, name)
}

// blobService chooses by the connection.
type blobService struct{ served[blobs.Service] }

func (e *env) blobService() blobs.Service {
	local := e.localBlobs()
	return &blobService{chosen[blobs.Service](local.At, local, &remoteblobs.Service{Clients: &e.remote.storage})}
}

// Open implements blobs.Service.
func (s *blobService) Open(ctx context.Context, c settings.Connection, name string, use blobs.Use) (blobs.Container, error) {
	return s.of(c).Open(ctx, c, name, use)
}

// Need implements blobs.Service.
func (s *blobService) Need(ctx context.Context, c settings.Connection, name string, use blobs.Use) (blobs.Container, error) {
	return s.of(c).Need(ctx, c, name, use)
}

// Await implements blobs.Service.
func (s *blobService) Await(ctx context.Context, c settings.Connection, name string) error {
	return s.of(c).Await(ctx, c, name)
}

// tableService chooses by the connection.
type tableService struct{ served[tables.Service] }

func (e *env) tableService() tables.Service {
	local := e.localTables()
	return &tableService{chosen[tables.Service](local.At, local, &remotetables.Service{Clients: &e.remote.storage})}
}

// Open implements tables.Service.
func (s *tableService) Open(ctx context.Context, c settings.Connection, name string, use ...tables.Use) (tables.Table, error) {
	return s.of(c).Open(ctx, c, name, use...)
}

// Need implements tables.Service.
func (s *tableService) Need(ctx context.Context, c settings.Connection, name string, use ...tables.Use) (tables.Table, error) {
	return s.of(c).Need(ctx, c, name, use...)
}
