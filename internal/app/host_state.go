package app

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"time"

	azfunctions "github.com/lazuli-dev/lazuli/internal/azure/functions"
	"github.com/lazuli-dev/lazuli/internal/end/blobs"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/remote/hoststate"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// hostState is the blobs in which a function app keeps what it remembers: those of
// the account that its AzureWebJobsStorage means, here or in another process.
func (e *env) hostState(s *settings.Settings) (state.Blobs, error) {
	at, err := e.statePlace(s)
	if err != nil {
		return nil, err
	}
	return e.stateAt(at)
}

func (e *env) stateAt(at statePlace) (state.Blobs, error) {
	if !at.elsewhere {
		return e.stateIn(at.account), nil
	}
	account, err := e.remote.storage.Blobs(at.conn)
	if err != nil {
		return nil, err
	}
	return hoststate.New(account, at.conn.Setting), nil
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

// statePlace is where an app keeps its state.
type statePlace struct {
	account   resource.Account // of this process; elsewhere: the one that localhost means
	elsewhere bool             // it is the one that conn leads to
	conn      settings.Connection
	unread    string // why the setting says nothing, where it is there
}

// statePlace finds the account of an app's state. A connection that leads here and may
// not write is an error.
func (e *env) statePlace(s *settings.Settings) (statePlace, error) {
	at := statePlace{account: e.Storage.blobs}
	var err error
	at.conn, err = s.Connection(settings.Storage, "")
	switch {
	case fault.Is(err, fault.NotFound):
		return at, nil
	case err != nil:
		at.unread = err.Error()
		return at, nil
	case at.conn.Endpoint == nil && !at.conn.Emulator:
		at.unread = "setting " + at.conn.Setting + " names no account"
		return at, nil
	}
	a, found := e.storageAt(at.conn, typeBlobs)
	if !found {
		at.elsewhere = true
		return at, nil
	}
	at.account = a
	return at, e.mayStore(at.conn, a, "", blobWrite)
}

// keysPatience bounds what a start waits for an app's keys of another process.
const keysPatience = 10 * time.Second

// openAppState says where the app's state is when its setting says nothing, and opens
// the app's keys where other machines can call it, or the project wants them.
func (e *env) openAppState(app *functionApp, site resource.Account, auth bool) error {
	at, err := e.statePlace(app.host.Settings())
	if at.unread != "" {
		app.log.Warn("the app's checkpoints, timers and keys are kept in a storage account of this process",
			"account", at.account.Name, "reason", at.unread)
	}
	if e.Config.OnLoopback() && !auth {
		return nil // triggers say what is wrong, if something is
	}
	if err != nil {
		return err
	}
	store := azfunctions.KeyStore{
		Host: app.host.ID(), Name: strings.ToLower(site.Name) + ".azurewebsites.net",
		File: filepath.Join(e.Config.DataDir(), keysFolder, site.Name+".json"),
	}
	if app.keys, err = e.openKeys(store, at); err != nil && at.elsewhere {
		app.log.Warn("the app's keys are those of a storage account of this process: the one of the app's cannot be reached",
			"account", at.account.Name, "error", err)
		at.elsewhere = false
		app.keys, err = e.openKeys(store, at)
	}
	if err == nil {
		e.Doors.tokens[instance.FunctionsPrefix+site.Name] = app.keys.Own()
	}
	return err
}

func (e *env) openKeys(store azfunctions.KeyStore, at statePlace) (*azfunctions.Keys, error) {
	var err error
	if store.Blobs, err = e.stateAt(at); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(e.Context, keysPatience)
	defer cancel()
	return azfunctions.OpenKeys(ctx, store)
}
