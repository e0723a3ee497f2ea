package vfs

import (
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

type (
	// Op is a file system call that an Injector sees before it is made.
	Op = errorfs.Op
	// OpKind is which call it is.
	OpKind = errorfs.OpKind
	// InjectorFunc is a function as an Injector: the error it returns is the
	// call's, nil lets the call through.
	InjectorFunc = errorfs.InjectorFunc

	// DiskWriteCategory appears in FS, for those who wrap one.
	DiskWriteCategory = vfs.DiskWriteCategory
	// OpenOption appears in FS too.
	OpenOption = vfs.OpenOption
)

// The calls that change files or make changes durable.
const (
	OpCreate       = errorfs.OpCreate
	OpOpen         = errorfs.OpOpen
	OpOpenDir      = errorfs.OpOpenDir
	OpRemove       = errorfs.OpRemove
	OpRemoveAll    = errorfs.OpRemoveAll
	OpRename       = errorfs.OpRename
	OpMkdirAll     = errorfs.OpMkdirAll
	OpReadAt       = errorfs.OpFileReadAt
	OpPreallocate  = errorfs.OpFilePreallocate
	OpWrite        = errorfs.OpFileWrite
	OpWriteAt      = errorfs.OpFileWriteAt
	OpSync         = errorfs.OpFileSync
	OpSyncData     = errorfs.OpFileSyncData
	OpGetDiskUsage = errorfs.OpGetDiskUsage
)

var changeNames = map[OpKind]string{
	OpCreate:      "create",
	OpRemove:      "remove",
	OpRemoveAll:   "remove-all",
	OpRename:      "rename",
	OpMkdirAll:    "mkdir",
	OpPreallocate: "reserve",
	OpWrite:       "write",
	OpWriteAt:     "write",
	OpSync:        "sync",
	OpSyncData:    "sync-data",
}

// ChangeName names a call that changes files or makes a change durable, and
// reports false for any other.
func ChangeName(k OpKind) (string, bool) {
	name, ok := changeNames[k]
	return name, ok
}
