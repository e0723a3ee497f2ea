package app

import (
	"context"
	"net/url"
	"path/filepath"
	"time"

	"github.com/lazuli-dev/lazuli/internal/arm"
	armstorage "github.com/lazuli-dev/lazuli/internal/arm/storage"
	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/azure/storage/blob"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/end/blobrows"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/page/usage"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// typeBlobs is the Blob service of storage accounts, as doors lead to it.
const typeBlobs = resource.StorageAccounts + "/blobServices"

// blobFolder, in the data folder, holds the bytes of blobs.
const blobFolder = "blobs"

// blobStorage is the storage accounts and their Blob service.
func blobStorage(e *env) (parts, error) {
	p, err := blobParts(e)
	if err != nil {
		return p, err
	}
	return p, e.Doors.open(instance.Blob, e.Config.Storage.BlobPort, e.storagePort(storage.Blob, "Storage (Blob)", "storage.blobPort", typeBlobs))
}

// blobParts is what blobs are to the rest of the house.
func blobParts(e *env) (parts, error) {
	log := e.Log.With("component", "blobs")
	store, err := objectstore.Open(objectstore.Options{
		DB: e.Storage.kv, FS: e.Storage.fs, Dir: filepath.Join(e.Config.DataDir(), blobFolder),
		Sync: e.Storage.sync, SyncEvery: time.Duration(e.Config.Data.SyncInterval), Log: log,
	})
	if err != nil {
		return parts{}, err
	}
	e.Storage.opened("blobs", store)
	e.Storage.objects = store
	copies := blob.NewCopies(blob.CopiesOptions{Store: store, Log: log})
	services := newPerAccount(func(a resource.Account) (*blob.Service, error) { return nil, nil })
	services.make = func(a resource.Account) (*blob.Service, error) {
		a = stored(a)
		return blob.New(blob.Config{
			Store: store.Account(a.ID), Exists: e.Exists, Account: a, Access: e.storageAccess(a), Authority: e.authority(), Log: ofAccount(log, a),
			OnRequest: e.storageDone(a), Copies: copies,
			Sibling: func(u *url.URL) *blob.Service { return e.sibling(services, u) },
		})
	}
	end := e.blobEnd()
	p := parts{
		Leads:     []leads{{blobrows.Kind, resource.StorageAccounts}, {end.Trigger().Type, resource.StorageAccounts}, {end.Output().Type, resource.StorageAccounts}},
		Triggers:  trigger.Table{end.Trigger()},
		Letters:   letter.Table{end.Letters()},
		Inputs:    input.Table{end.Input()},
		Outputs:   output.Table{end.Output()},
		Accounts:  []accountKind{storageKind(e.Config.Storage)},
		Kinds:     blob.Kinds(store, nil),
		Declared:  e.declaredIn(resource.BlobContainers, "containers", func(a config.NamedStorage) []string { return a.Containers }, nil),
		Routes:    []door.Route{storageRoute(e, typeBlobs, services)},
		Streams:   e.blobStreams(store),
		Resources: []arm.Provider{armstorage.New(armstorage.Config{Accounts: e.armAccounts(), People: e.Who, Objects: store})},
		Suffixes: []suffix{
			storageSuffix("blob.core.windows.net", instance.Blob, typeBlobs),
			storageSuffix("z1.web.core.windows.net", instance.Blob, typeBlobs), // static websites
		},
		Summary: e.storageSummary(resource.BlobContainers, "containers"),
		Pages:   append(usage.Pages(func() (usage.Usage, error) { return e.blobUsage(store) }), e.blobPages(store)...),
		Engines: []part{
			{name: "blobs", run: store.Run},
			{name: "copies of blobs", run: copies.Run},
			{name: "versions of blobs", run: func(ctx context.Context) error { return e.followVersioning(ctx, store) }},
		},
	}
	return p, e.setVersioning(e.Context, store)
}

// followVersioning tells the store which accounts keep versions, whenever accounts
// change.
func (e *env) followVersioning(ctx context.Context, store *objectstore.Store) error {
	for {
		changed := e.Exists.WatchAccounts() // before the look, which must not miss a change
		if err := e.setVersioning(ctx, store); err != nil && ctx.Err() == nil {
			e.Log.Error("which storage accounts keep versions of blobs could not be changed", "error", err)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

func (e *env) setVersioning(ctx context.Context, store *objectstore.Store) error {
	for _, a := range e.Exists.Accounts(resource.StorageAccounts) {
		p, err := storage.ReadAccount(e.Exists.Properties(a))
		if err != nil {
			return err
		}
		account := store.Account(a.ID)
		r := account.Retention()
		if r.Versions == p.IsVersioningEnabled {
			continue
		}
		r.Versions = p.IsVersioningEnabled
		if err := account.SetRetention(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// sibling is who answers for the URL of a copy's source, where that is here.
func (e *env) sibling(services *perAccount[*blob.Service], u *url.URL) *blob.Service {
	a, meaning := e.find(u.Hostname(), typeBlobs)
	if meaning != door.Known {
		if !isLoopback(u.Hostname()) || u.Port() != portOf(e.Doors.addresses[instance.Blob]) {
			return nil
		}
		a = e.inPath(typeBlobs, u.EscapedPath(), resource.Account{})
	}
	if a.Type != typeBlobs {
		return nil
	}
	s, err := services.of(a)
	if err != nil {
		e.noService(a, err)
		return nil
	}
	return s
}
