package app

import (
	"net/url"
	"path/filepath"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage/blob"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// typeBlobs is the Blob service of storage accounts, as doors lead to it.
const typeBlobs = resource.StorageAccounts + "/blobServices"

// blobFolder, in the data folder, holds the bytes of blobs.
const blobFolder = "blobs"

// blobStorage is the storage accounts and their Blob service.
func blobStorage(e *env) (parts, error) {
	log := e.Log.With("component", "blobs")
	store, err := objectstore.Open(objectstore.Options{
		DB: e.Storage.kv, FS: e.Storage.fs, Dir: filepath.Join(e.Config.DataDir(), blobFolder),
		Sync: e.Storage.sync, SyncEvery: time.Duration(e.Config.Data.SyncInterval), Log: log,
	})
	if err != nil {
		return parts{}, err
	}
	e.Storage.opened("blobs", store)
	services := newPerAccount(func(a resource.Account) (*blob.Service, error) { return nil, nil })
	services.make = func(a resource.Account) (*blob.Service, error) {
		a = stored(a)
		return blob.New(blob.Config{
			Store: store.Account(a.ID), Exists: e.Exists, Account: a, Access: e.storageAccess(a), Authority: e.authority(), Log: log,
			Sibling: func(u *url.URL) *blob.Service { return e.sibling(services, u) },
		})
	}
	p := parts{
		Accounts: []accountKind{storageKind(e.Config.Storage)},
		Kinds:    blob.Kinds(store, nil),
		Declared: e.declaredIn(resource.BlobContainers, "containers", func(a config.NamedStorage) []string { return a.Containers }, nil),
		Routes:   []door.Route{storageRoute(e, typeBlobs, services)},
		Suffixes: []suffix{storageSuffix("blob.core.windows.net", instance.Blob, typeBlobs)},
		Summary:  e.storageSummary(resource.BlobContainers, "containers"),
		Engines:  []part{{name: "blobs", run: store.Run}},
	}
	return p, e.Doors.open(instance.Blob, e.Config.Storage.BlobPort, e.storagePort("Storage (Blob)", "storage.blobPort", typeBlobs))
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
