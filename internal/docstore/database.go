package docstore

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"slices"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Resource is what databases and containers have in common. It is a copy.
type Resource struct {
	ID        string
	RID       string // _rid
	Self      string // _self: "dbs/{rid}/" or "dbs/{rid}/colls/{rid}/"
	ETag      string // in double quotes
	Timestamp int64  // _ts: seconds since 1970
	// OfferRID is the _rid of the throughput offer, whether or not there is one.
	OfferRID string
	// Throughput is the offer's content, nil when there is none.
	Throughput json.RawMessage
}

// Database is a set of containers.
type Database struct {
	store      *Store
	rid        RID
	key        databaseKey
	name       string
	record     *databaseRecord       // guarded by store.catalog; replaced, never changed
	containers map[string]*Container // by name; guarded by store.catalog
}

// databaseRecord is what the table B keeps.
type databaseRecord struct {
	Number     uint32
	Account    uint64
	ID         string
	ETag       string
	Timestamp  int64
	Throughput json.RawMessage `json:",omitempty"`
}

func (r *databaseRecord) key() []byte {
	return binary.BigEndian.AppendUint32([]byte{spacePrefix[0], tableDatabases}, r.Number)
}

// touch gives the record a new etag and timestamp.
func (r *databaseRecord) touch(now time.Time) {
	r.ETag, r.Timestamp = `"`+string(appendGUID(nil))+`"`, now.Unix()
}

func newDatabase(s *Store, r *databaseRecord) *Database {
	return &Database{store: s, rid: RID{Database: r.Number}, key: databaseKey{r.Account, r.ID}, name: r.ID, record: r, containers: map[string]*Container{}}
}

// Resource returns the database's properties.
func (d *Database) Resource() Resource {
	d.store.catalog.RLock()
	defer d.store.catalog.RUnlock()
	rid := d.rid.String()
	return Resource{
		ID: d.name, RID: rid, Self: "dbs/" + rid + "/",
		ETag: d.record.ETag, Timestamp: d.record.Timestamp,
		OfferRID: offerRID(d.rid.Database, false), Throughput: d.record.Throughput,
	}
}

// Account returns the id of the account that the database is in.
func (d *Database) Account() uint64 { return d.key.account }

// ID returns the database's name.
func (d *Database) ID() string { return d.name }

// SetThroughput replaces the offer's content.
func (d *Database) SetThroughput(ctx context.Context, content json.RawMessage) error {
	if err := d.store.use.Enter(); err != nil {
		return err
	}
	defer d.store.use.Leave()
	d.store.catalog.Lock()
	defer d.store.catalog.Unlock()
	if d.store.databases[d.key] != d {
		return fault.New(fault.NotFound, "database "+d.name, "it was deleted")
	}
	r := *d.record
	r.Throughput = content
	if err := d.store.commitCatalog(d.store.numbers, r.key(), &r); err != nil {
		return err
	}
	d.record = &r
	return nil
}

// CreateContainer makes a container; fault.Conflict when the id is taken,
// fault.Invalid for a specification the store cannot keep.
func (d *Database) CreateContainer(ctx context.Context, spec ContainerSpec) (*Container, error) {
	spec, err := spec.clone().normalised()
	if err != nil {
		return nil, err
	}
	s := d.store
	if err := s.use.Enter(); err != nil {
		return nil, err
	}
	defer s.use.Leave()
	s.catalog.Lock()
	defer s.catalog.Unlock()
	if s.databases[d.key] != d {
		return nil, fault.New(fault.NotFound, "database "+d.name, "it was deleted")
	}
	if d.containers[spec.ID] != nil {
		return nil, fault.New(fault.Conflict, "container "+spec.ID, "it exists")
	}
	r := &containerRecord{Number: s.numbers.Container, Database: d.rid.Database, Spec: spec}
	r.touch(s.now())
	c, err := s.newContainer(d, r)
	if err != nil {
		return nil, err
	}
	next := s.numbers
	next.Container++
	b := s.db.NewBatch(4096)
	setJSON(b, []byte{spacePrefix[0], tableNumbers}, next)
	setJSON(b, containerKey(c.cid), r)
	c.indexes.Store(c.policyIndexes(b, spec.IndexingPolicy, &indexSet{}))
	if err := b.Commit(); err != nil {
		return nil, err
	}
	s.numbers = next
	d.containers[spec.ID], s.containers[c.cid] = c, c
	return c, nil
}

// Container returns the container with the id or _rid; fault.NotFound.
func (d *Database) Container(nameOrRID string) (*Container, error) {
	d.store.catalog.RLock()
	defer d.store.catalog.RUnlock()
	return d.container(nameOrRID)
}

func (d *Database) container(nameOrRID string) (*Container, error) {
	if c := d.containers[nameOrRID]; c != nil {
		return c, nil
	}
	if rid, err := ParseRID(nameOrRID); err == nil && rid.Ordinal == 0 && rid.Database == d.rid.Database {
		if c := d.store.containers[rid.Container]; c != nil && c.rid == rid {
			return c, nil
		}
	}
	return nil, fault.New(fault.NotFound, "container "+nameOrRID, "no such container in database %s", d.name)
}

// Containers returns all containers in the order of their creation.
func (d *Database) Containers() []*Container {
	d.store.catalog.RLock()
	defer d.store.catalog.RUnlock()
	all := make([]*Container, 0, len(d.containers))
	for _, c := range d.containers {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *Container) int { return cmp.Compare(a.cid, b.cid) })
	return all
}

// ReplaceContainer changes indexing policy, TTL and extras; a nil Throughput
// keeps the offer. The partition key and the unique keys cannot change
// (fault.Invalid). A non-empty ifMatch must be the container's ETag
// (fault.PreconditionFailed). Indexes that the new policy forbids are dropped;
// those it asks for are built when a query first wants them.
func (d *Database) ReplaceContainer(ctx context.Context, nameOrRID string, spec ContainerSpec, ifMatch string) (*Container, error) {
	spec, err := spec.clone().normalised()
	if err != nil {
		return nil, err
	}
	if err := d.store.use.Enter(); err != nil {
		return nil, err
	}
	defer d.store.use.Leave()
	d.store.catalog.Lock()
	defer d.store.catalog.Unlock()
	c, err := d.container(nameOrRID)
	if err != nil {
		return nil, err
	}
	return c, c.replace(spec, ifMatch)
}

// DeleteContainer deletes a container and its items.
func (d *Database) DeleteContainer(ctx context.Context, nameOrRID string) error {
	if err := d.store.use.Enter(); err != nil {
		return err
	}
	defer d.store.use.Leave()
	d.store.catalog.Lock()
	defer d.store.catalog.Unlock()
	c, err := d.container(nameOrRID)
	if err != nil {
		return err
	}
	return d.store.dropContainers(d.store.db.NewBatch(1024), []*Container{c})
}
