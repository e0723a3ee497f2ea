package app

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"

	azfunctions "github.com/lazuli-dev/lazuli/internal/azure/functions"
	"github.com/lazuli-dev/lazuli/internal/end/blobs"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// hostState is the blobs in which a function app keeps what it remembers: those of
// the account that its AzureWebJobsStorage means. Where that does not lead here they
// are in the account that localhost means; openAppState says so.
func (e *env) hostState(s *settings.Settings) (state.Blobs, error) {
	a, _, err := e.stateAccount(s)
	if err != nil {
		return nil, err
	}
	return e.stateIn(a), nil
}

// stateIn is the blobs of an account as hosts use them.
func (e *env) stateIn(a resource.Account) state.Blobs {
	return &blobs.State{
		Account: e.Storage.objects.Account(a.ID),
		Container: func(ctx context.Context, name string) error {
			return e.Exists.Need(ctx, resource.ID{Account: a, Type: resource.BlobContainers, Name: name}, json.RawMessage("{}"))
		},
	}
}

// stateAccount is the account of an app's state. elsewhere says where the setting
// leads when that is not here, or that it leads nowhere. A connection that leads here
// and may not write is an error.
func (e *env) stateAccount(s *settings.Settings) (a resource.Account, elsewhere string, err error) {
	c, err := s.Connection(settings.Storage, "")
	switch {
	case fault.Is(err, fault.NotFound):
		return e.Storage.blobs, "", nil
	case err != nil:
		return e.Storage.blobs, err.Error(), nil
	case c.Emulator:
		return e.Storage.blobs, "", nil
	}
	a, found := e.storageAt(c, typeBlobs)
	if !found {
		return e.Storage.blobs, "setting " + c.Setting + " points at " + c.Host(), nil
	}
	return a, "", e.mayStore(c, a, "", blobWrite)
}

// openAppState says where the app's state is when its setting says another place, and
// opens the app's keys where other machines can call it, or the project wants them.
func (e *env) openAppState(app *functionApp, site resource.Account, auth bool) error {
	s := app.host.Settings()
	a, elsewhere, err := e.stateAccount(s)
	if err == nil && elsewhere != "" {
		app.log.Warn("the app's checkpoints, timers and keys are kept in a storage account of this process: hosts cannot keep them elsewhere yet",
			"account", a.Name, "reason", elsewhere)
	}
	if e.Config.OnLoopback() && !auth {
		return nil // triggers say what is wrong, if something is
	}
	if err != nil {
		return err
	}
	app.keys, err = azfunctions.OpenKeys(e.Context, azfunctions.KeyStore{
		Blobs: e.stateIn(a), Host: app.host.ID(), Name: strings.ToLower(site.Name) + ".azurewebsites.net",
		File: filepath.Join(e.Config.DataDir(), keysFolder, site.Name+".json"),
	})
	if err == nil {
		e.Doors.tokens[instance.FunctionsPrefix+site.Name] = app.keys.Own()
	}
	return err
}
