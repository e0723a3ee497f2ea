package kv

import (
	"encoding/json"
	"errors"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// The names of spaces, for DB.Space.
const (
	Documents         = "documents"
	Catalogue         = "catalogue"
	Resources         = "resources"
	Identity          = "identity"
	StreamCheckpoints = "stream checkpoints"
	StreamJournals    = "stream journals"
	Tables            = "tables"
	Queues            = "queues"
	Blobs             = "blobs"
	Gateways          = "gateways"
	OldBlobMetadata   = "blob metadata"
)

// DocumentsPrefix is the prefix of the space Documents, a constant because a
// document store puts together some keys for each of its documents.
const DocumentsPrefix = "d"

// TablesPrefix is the prefix of the space Tables, for the same reason.
const TablesPrefix = "t"

// QueuesPrefix is the prefix of the space Queues, for the same reason.
const QueuesPrefix = "q"

// BlobsPrefix is the prefix of the space Blobs, a constant for the same reason.
const BlobsPrefix = "o"

// SpaceInfo is one row of the layout.
type SpaceInfo struct {
	Name    string
	Prefix  string // what its keys begin with; no prefix begins with another
	Owner   string // the package that reads and writes it
	Purpose string
}

// Layout is the one table of the store's key spaces. What is here shares one
// write-ahead log, so that a commit may touch several spaces and costs one sync:
// documents, leases (which are documents), checkpoints, the catalogue. What
// would only fill that log has a place of its own: events are in segment logs,
// and large objects and telemetry do not belong here either.
//
// Whoever changes what a row means, or how its keys or values are encoded,
// raises layoutVersion: a folder of another version is refused, not misread.
func Layout() []SpaceInfo {
	return []SpaceInfo{
		{"layout", layoutPrefix, "kv", "the version of this table and of what its spaces hold"},
		{Catalogue, "a", "resource", "accounts and what engines do not keep of a resource"},
		{Identity, "i", "identity", "principals and role assignments"},
		{Resources, "r", "arm", "bodies of resources as Resource Manager was given them, operations, its log"},
		{OldBlobMetadata, "b", "app", "nothing: what layout 2 had here, checkpoints and timers, becomes blobs (see DB.Old)"},
		{Documents, DocumentsPrefix, "docstore", "databases, containers, items, indexes; leases among them"},
		{Blobs, BlobsPrefix, "objectstore", "containers, blobs' records and where their bytes are; the bytes are in files of their own"},
		{StreamCheckpoints, "s", "stream", "state of stream jobs' lanes"},
		{StreamJournals, "j", "stream", "what happened to stream jobs"},
		{Queues, QueuesPrefix, "queue", "queues of storage accounts, the states and the texts of their messages"},
		{Gateways, "g", "gateway", "API gateways: what is defined, and counters of calls"},
		{Tables, TablesPrefix, "tablestore", "tables of storage accounts, their entities and policies"},
	}
}

const (
	layoutPrefix  = "\x00"
	layoutVersion = 3
)

// layoutRecord is the value of the layout's one key, as JSON.
type layoutRecord struct{ Version int }

var layoutKey = []byte(layoutPrefix + "version") // never changed

// checkLayout refuses a store of another layout and marks a new one. Stores of
// before there was a mark have version 1.
func (db *DB) checkLayout() error {
	text, ok, err := db.Get(nil, layoutKey)
	if err != nil {
		return err
	}
	have := layoutRecord{Version: 1}
	if ok {
		if err := json.Unmarshal(text, &have); err != nil {
			return fault.Wrap(fault.Internal, "store "+db.dir, err, "the mark of its layout is damaged")
		}
	} else if empty, err := db.empty(); err != nil {
		return err
	} else if empty {
		return db.markLayout()
	}
	db.old = have.Version == layoutVersion-1
	if have.Version != layoutVersion && !db.old {
		return fault.New(fault.Invalid, "store "+db.dir,
			"it has layout %d, this program reads layout %d; use the program that wrote it, or move the data folder away to begin anew",
			have.Version, layoutVersion)
	}
	return nil
}

// Old reports whether the store has the layout before this one. It is used as it is,
// but what OldBlobMetadata holds must find its new place and Moved be called.
func (db *DB) Old() bool { return db.old }

// Moved empties OldBlobMetadata and says that the store has this layout, durably and
// in one step.
func (db *DB) Moved() error {
	text, err := json.Marshal(layoutRecord{layoutVersion})
	if err != nil {
		return err
	}
	space := db.Space(OldBlobMetadata).Key(nil)
	b := db.NewBatch(64)
	b.DeleteRange(space, PrefixEnd(space))
	b.Set(layoutKey, text)
	if err := b.Commit(); err != nil {
		return err
	}
	db.old = false
	return nil
}

func (db *DB) empty() (empty bool, err error) {
	it, err := db.Iter(nil, nil)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, it.Error(), it.Close()) }()
	return !it.First(), nil
}

// markLayout does not wait for the disk: what is committed later is behind the
// mark in the same log, and a store that lost it is empty and is marked again.
func (db *DB) markLayout() error {
	text, err := json.Marshal(layoutRecord{layoutVersion})
	if err != nil {
		return err
	}
	b := db.NewBatch(64)
	b.Set(layoutKey, text)
	mark, err := b.CommitAsync()
	if err != nil {
		return err
	}
	db.settler.Go(func() {
		if err := mark.Wait(); err != nil {
			db.log.Warn("the mark of the layout is not on the disk", "store", db.dir, "error", err)
		}
	})
	return nil
}
