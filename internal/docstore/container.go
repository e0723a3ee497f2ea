package docstore

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Container is a set of items under one partition key definition.
type Container struct {
	store *Store
	db    *Database
	cid   uint32
	rid   RID
	name  string

	keyText    []string     // the partition key's paths
	keyPaths   [][]string   // the same, split
	uniqueKeys [][][]string // the unique keys' paths, split
	stampSelf  []byte       // the stamp between _rid and the item's part of _self

	meta    atomic.Pointer[containerRecord] // replaced under store.catalog, never changed
	indexes atomic.Pointer[indexSet]        // replaced under schema, never changed
	clock   *positions
	docs    atomic.Int64
	bytes   atomic.Int64 // of records

	// schema is held for reading from the moment a writer looks at the indexes
	// until its batch is visible, and for writing to change the indexes or to
	// delete the container.
	schema  sync.RWMutex
	deleted bool          // guarded by schema
	gone    chan struct{} // closed when deleted

	building sync.Mutex // one index is built at a time

	origins origins // of the latest changes

	swept atomic.Pointer[swept] // how far the search for expired documents need not go again
}

// containerRecord is what the table C keeps.
type containerRecord struct {
	Number    uint32
	Database  uint32
	ETag      string
	Timestamp int64
	Spec      ContainerSpec
}

func containerKey(cid uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{spacePrefix[0], tableContainers}, cid)
}

// touch gives the record a new etag and timestamp.
func (r *containerRecord) touch(now time.Time) {
	r.ETag, r.Timestamp = `"`+string(appendGUID(nil))+`"`, now.Unix()
}

// newContainer makes the container of a record and reads its clock and counts.
func (s *Store) newContainer(d *Database, r *containerRecord) (*Container, error) {
	c := &Container{
		store: s, db: d, cid: r.Number, name: r.Spec.ID,
		rid:     RID{Database: d.rid.Database, Container: r.Number},
		keyText: r.Spec.PartitionKey.Paths,
		gone:    make(chan struct{}),
	}
	c.meta.Store(r)
	c.indexes.Store(&indexSet{})
	c.stampSelf = []byte(stampSelf + d.rid.String() + stampColls + c.rid.String() + stampDocs)
	for _, path := range c.keyText {
		names, err := parsePath(path)
		if err != nil {
			return nil, err
		}
		c.keyPaths = append(c.keyPaths, names)
	}
	for _, paths := range r.Spec.UniqueKeys {
		var key [][]string
		for _, path := range paths {
			names, err := parsePath(path)
			if err != nil {
				return nil, err
			}
			key = append(key, names)
		}
		c.uniqueKeys = append(c.uniqueKeys, key)
	}
	tally, err := kv.TallyAt(s.db, tallyKey(c.cid))
	if err != nil {
		return nil, err
	}
	c.clock = newPositions(tally.Max)
	if tally.Max > 0 { // something was ever written
		if c.clock.lastTS, err = c.lastTimestamp(); err != nil {
			return nil, err
		}
	}
	c.docs.Store(tally.Sum[0])
	c.bytes.Store(tally.Sum[1])
	return c, nil
}

// Resource returns the container's properties.
func (c *Container) Resource() Resource {
	r := c.meta.Load()
	return Resource{
		ID: c.name, RID: c.rid.String(), Self: "dbs/" + c.db.rid.String() + "/colls/" + c.rid.String() + "/",
		ETag: r.ETag, Timestamp: r.Timestamp,
		OfferRID: offerRID(c.cid, true), Throughput: r.Spec.Throughput,
	}
}

// ID returns the container's name.
func (c *Container) ID() string { return c.name }

// Database returns the container's database.
func (c *Container) Database() *Database { return c.db }

// Spec returns what the container was made with, defaults filled in. It is a
// copy.
func (c *Container) Spec() ContainerSpec { return c.meta.Load().Spec.clone() }

// ttl returns the container's default time to live, nil when expiry is off.
func (c *Container) ttl() *int32 { return c.meta.Load().Spec.DefaultTTL }

// SetThroughput replaces the offer's content.
func (c *Container) SetThroughput(ctx context.Context, content json.RawMessage) error {
	if err := c.store.use.Enter(); err != nil {
		return err
	}
	defer c.store.use.Leave()
	c.store.catalog.Lock()
	defer c.store.catalog.Unlock()
	if c.store.containers[c.cid] != c {
		return errDeleted
	}
	r := *c.meta.Load()
	r.Spec.Throughput = content
	if err := c.store.commitCatalog(c.store.numbers, containerKey(c.cid), &r); err != nil {
		return err
	}
	c.meta.Store(&r)
	return nil
}

// replace is ReplaceContainer. The caller holds store.catalog.
func (c *Container) replace(spec ContainerSpec, ifMatch string) error {
	old := c.meta.Load()
	resource := "container " + c.name
	switch {
	case ifMatch != "" && ifMatch != "*" && ifMatch != old.ETag:
		return fault.New(fault.PreconditionFailed, resource, "its etag is %s", old.ETag)
	case spec.ID != c.name:
		return fault.New(fault.Invalid, resource, "its id cannot change to %s", spec.ID)
	case !slices.Equal(spec.PartitionKey.Paths, old.Spec.PartitionKey.Paths):
		return fault.New(fault.Invalid, resource, "its partition key cannot change")
	case !slices.EqualFunc(spec.UniqueKeys, old.Spec.UniqueKeys, slices.Equal):
		return fault.New(fault.Invalid, resource, "its unique keys cannot change")
	}
	spec.PartitionKey = old.Spec.PartitionKey
	if spec.Throughput == nil {
		spec.Throughput = old.Spec.Throughput
	}
	r := &containerRecord{Number: c.cid, Database: old.Database, Spec: spec}
	r.touch(c.store.now())

	c.schema.Lock()
	defer c.schema.Unlock()
	b := c.store.db.NewBatch(4096)
	setJSON(b, containerKey(c.cid), r)
	keep := c.dropForbidden(b, spec.IndexingPolicy)
	if err := b.Commit(); err != nil {
		return err
	}
	c.meta.Store(r)
	c.indexes.Store(keep)
	return nil
}

// Usage returns the number of documents and their bytes, at no cost. Documents
// that expired and are not yet deleted count.
func (c *Container) Usage() (documents, bytes int64) { return c.docs.Load(), c.bytes.Load() }

// LSN returns the newest position whose change, and every one before it, is
// durable.
func (c *Container) LSN() uint64 { return c.clock.visible.Load() }

// WaitLSN returns when LSN is above after, ctx ends, or the container is
// deleted (fault.NotFound).
func (c *Container) WaitLSN(ctx context.Context, after uint64) error {
	return c.clock.wait(ctx, c.gone, func(p *positions) bool { return p.visible.Load() > after })
}

// now returns the second that expiry is judged by.
func (c *Container) now() int64 { return c.store.now().Unix() }
