package app

import (
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/end/blobrows"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// blobStreams are blobs as stream jobs read and write them.
func (e *env) blobStreams(store *objectstore.Store) jobs.Kinds {
	find := func(name string) (blobrows.Account, error) { return e.findBlobs(store, name) }
	return jobs.Kinds{
		Sources:    []jobs.SourceKind{blobrows.SourceKind(find)},
		Sinks:      []jobs.SinkKind{blobrows.SinkKind(find)},
		References: []jobs.ReferenceKind{blobrows.ReferenceKind(find)},
	}
}

// findBlobs finds a storage account by name for stream jobs.
func (e *env) findBlobs(store *objectstore.Store, name string) (blobrows.Account, error) {
	if name == "" || name == resource.Default {
		name = resource.DefaultStorage
	}
	a, err := e.Exists.Account(resource.StorageAccounts, name)
	if err != nil {
		return blobrows.Account{}, fault.New(fault.NotFound, "storage account "+name, "there is none; there are %s", e.accountNames(resource.StorageAccounts))
	}
	id := func(container string) resource.ID {
		return resource.ID{Account: a, Type: resource.BlobContainers, Name: container}
	}
	return blobrows.Account{
		Blobs: store.Account(a.ID),
		Need: func(container string) error {
			if e.Exists.Exists(id(container)) {
				return nil
			}
			section := "storage"
			if in := notDefault(a); in != "" {
				section = "storage.accounts." + in
			}
			return fault.New(fault.NotFound, "container "+container, "it does not exist (declare it under %s.containers in %s)", section, config.FileName)
		},
		Changed: func(container string) <-chan struct{} { return e.Exists.Watch(id(container)) },
	}, nil
}
