package app

import (
	"errors"

	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/remote/credential"
	"github.com/lazuli-dev/lazuli/internal/remote/storage"
)

// remotes is what leads to services of other processes. Nothing of it dials before a
// setting names one.
type remotes struct {
	credentials credential.Store
	storage     storage.Clients
}

func newRemotes() *remotes {
	r := &remotes{}
	r.storage.Credential = r.credentials.Of
	return r
}

// served is who has what a connection leads to: this process, or another. Each service
// that functions reach chooses by it.
type served[S any] struct {
	here          func(settings.Connection) error
	local, remote S
}

// chosen serves from here what at finds here.
func chosen[S, At any](at func(settings.Connection) (At, error), local, remote S) served[S] {
	here := func(c settings.Connection) error { _, err := at(c); return err }
	return served[S]{here, local, remote}
}

// of is who has what a connection leads to. One that leads nowhere is the local one's
// to refuse.
func (s served[S]) of(c settings.Connection) S {
	if errors.Is(s.here(c), errElsewhere) {
		return s.remote
	}
	return s.local
}
