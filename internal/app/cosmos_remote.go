package app

import (
	"context"
	"errors"

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
	return &containerService{e.localContainers(serves), &remotecosmos.Service{Credential: e.remote.credentials.Of}}
}

// containerService chooses by the connection.
type containerService struct {
	local  *container.Local
	remote container.Service
}

// of is who has the containers of a connection. One that leads nowhere is the local
// one's to refuse.
func (s *containerService) of(c settings.Connection) container.Service {
	if _, err := s.local.At(c); errors.Is(err, errElsewhere) {
		return s.remote
	}
	return s.local
}

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
