package app

import (
	"context"

	"github.com/lazuli-dev/lazuli/changefeed"
	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	remotecosmos "github.com/lazuli-dev/lazuli/internal/remote/cosmos"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// containerService is the containers that functions reach: those of this process, and
// those of others where a connection leads there.
func (e *env) containerService(serves func(resource.Account) (*cosmos.Service, error)) container.Service {
	local := e.localContainers(serves)
	return &containerService{chosen[container.Service](local.At, local, &remotecosmos.Service{Credential: e.remote.credentials.Of})}
}

// containerService chooses by the connection.
type containerService struct{ served[container.Service] }

// Feed implements container.Service.
func (s *containerService) Feed(ctx context.Context, c settings.Connection, database, name string) (changefeed.Source, error) {
	return s.of(c).Feed(ctx, c, database, name)
}

// Leases implements container.Service.
func (s *containerService) Leases(ctx context.Context, c settings.Connection, database, name string, create bool) (changefeed.LeaseStore, error) {
	return s.of(c).Leases(ctx, c, database, name, create)
}

// Sink implements container.Service.
func (s *containerService) Sink(ctx context.Context, c settings.Connection, database, name, createWithKey string) (container.Sink, error) {
	return s.of(c).Sink(ctx, c, database, name, createWithKey)
}

// Reader implements container.Service.
func (s *containerService) Reader(ctx context.Context, c settings.Connection, database, name string) (container.Reader, error) {
	return s.of(c).Reader(ctx, c, database, name)
}
