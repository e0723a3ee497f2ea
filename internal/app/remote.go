package app

import (
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
