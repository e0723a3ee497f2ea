package app

import (
	"context"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	remotehub "github.com/lazuli-dev/lazuli/internal/remote/hub"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// hubService is the hubs that functions reach: those of this process, and those of
// others where a connection leads there.
func (e *env) hubService() (hub.Service, func() error) {
	local := e.localHubs()
	remote := &remotehub.Service{Credential: e.remote.credentials.Of, Hint: e.hubHint}
	return &hubService{chosen[hub.Service](local.At, local, remote)}, func() error { remote.Close(); return nil }
}

// hubHint says what else a namespace's name may have meant.
func (e *env) hubHint(string) string {
	return fmt.Sprintf("; it is no namespace of this process, which has %s: others are declared in %s", e.accountNames(resource.Namespaces), config.FileName)
}

// hubService chooses by the connection.
type hubService struct{ served[hub.Service] }

// Host implements hub.Service.
func (h *hubService) Host(c settings.Connection) string { return h.of(c).Host(c) }

// Open implements hub.Service.
func (h *hubService) Open(ctx context.Context, c settings.Connection, name string, as hub.Consumer) (hub.Hub, error) {
	return h.of(c).Open(ctx, c, name, as)
}

// Sink implements hub.Service.
func (h *hubService) Sink(ctx context.Context, c settings.Connection, name string) (hub.Sink, error) {
	return h.of(c).Sink(ctx, c, name)
}
