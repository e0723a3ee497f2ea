package objectstore

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// container is one container, also a softly deleted one until it goes for good.
type container struct {
	s       *Store
	account uint64
	cid     uint32
	name    string

	mu   sync.RWMutex // held for reading by every change of a blob, for writing by changes of the container
	rec  atomic.Pointer[containerRecord]
	gone chan struct{} // closed, under mu, when it is deleted
	news news
}

// containerRecord is the value of table N.
type containerRecord struct {
	cid      uint32
	made     tick
	etag     tick
	modified int64 // Unix seconds
	access   PublicAccess
	metadata Metadata
	policies []byte
	lease    lease
	deleted  tick // 0: it is there
	expires  tick // of what is deleted
}

func (r *containerRecord) append(dst []byte) []byte {
	dst = append(dst, recordVersion, byte(r.access))
	for _, n := range [...]uint64{uint64(r.cid), uint64(r.made), uint64(r.etag), uint64(r.modified), uint64(r.deleted), uint64(r.expires)} {
		dst = binary.AppendUvarint(dst, n)
	}
	dst = appendText(appendPairs(dst, r.metadata), r.policies)
	return r.lease.append(dst)
}

func parseContainer(b []byte) (*containerRecord, error) {
	d := decoder{b: b}
	if d.byte() != recordVersion {
		return nil, errRecord
	}
	r := &containerRecord{
		access: PublicAccess(d.byte()), cid: uint32(d.uint()), made: tick(d.int()), etag: tick(d.int()), modified: d.int(),
		deleted: tick(d.int()), expires: tick(d.int()), metadata: d.pairs(),
	}
	r.policies = slices.Clone(d.bytes())
	r.lease = d.lease()
	if r.access > ContainerAccess {
		return nil, errRecord
	}
	return r, d.err()
}

func (c *container) key() []byte { return containerKey(c.account, c.name, c.rec.Load().made) }

func (c *container) info(now time.Time) ContainerInfo {
	r := c.rec.Load()
	i := ContainerInfo{
		Name: c.name, ETag: r.etag.etag(), Created: r.made.time(), Modified: time.Unix(r.modified, 0).UTC(),
		Metadata: r.metadata, Access: r.access, Policies: r.policies, Lease: r.lease.view(now),
	}
	if r.deleted != 0 {
		i.Deleted, i.DeletedAt, i.Version = true, r.deleted.time(), r.deleted.text()
		i.RemainingDays = remainingDays(r.expires, now)
	}
	return i
}

func (c *container) resource() string { return "container " + c.name }

// isGone reports whether it was deleted. mu is held.
func (c *container) isGone() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// CreateContainer makes a container.
func (a Account) CreateContainer(ctx context.Context, name string, access PublicAccess, metadata Metadata) (ContainerInfo, error) {
	if err := ctx.Err(); err != nil {
		return ContainerInfo{}, err
	}
	if name == "" || len(name) > 255 || strings.ContainsRune(name, 0) {
		return ContainerInfo{}, codes.New(InvalidResourceName, "container", "a container's name has 1 to 255 bytes and no zero byte")
	}
	s := a.s
	if err := s.use.Enter(); err != nil {
		return ContainerInfo{}, err
	}
	defer s.use.Leave()
	s.catalog.Lock()
	st := s.state(a.id)
	if st.containers[name] != nil {
		s.catalog.Unlock()
		return ContainerInfo{}, codes.New(ContainerAlreadyExists, "container "+name, "it exists already")
	}
	number := s.numbers.Add(1)
	if number > 1<<32-1 {
		s.catalog.Unlock()
		return ContainerInfo{}, codes.New(InternalError, "container "+name, "there are no numbers for containers left")
	}
	m := s.clock.begin()
	defer s.clock.finish(m)
	c := &container{s: s, account: a.id, cid: uint32(number), name: name, gone: make(chan struct{})}
	c.rec.Store(&containerRecord{cid: c.cid, made: m.tick, etag: m.tick, modified: s.now().Unix(), access: access, metadata: slices.Clone(metadata)})
	b := s.db.NewBatch(512)
	b.Set(c.key(), c.rec.Load().append(nil))
	b.AddTally(tallyKey(nil, c.cid), kv.Tally{Max: uint64(m.tick)})
	b.AddTally(numbersKey(), kv.Tally{Max: number})
	err := s.commitCatalog(b, func() { st.containers[name], s.byNumber[c.cid] = c, c })
	return c.info(s.now()), err
}

// Container returns what is known of a container. Conditions may hold a lease id,
// which must be right then.
func (a Account) Container(ctx context.Context, name string, cond Conditions) (ContainerInfo, error) {
	c, err := a.container(name)
	if err != nil {
		return ContainerInfo{}, err
	}
	now, r := a.s.now(), c.rec.Load()
	if err := cond.meet(c.resource(), reads, r.etag, r.modified, nil); err != nil {
		return ContainerInfo{}, err
	}
	return c.info(now), r.lease.guard(c.resource(), cond.Lease, false, now, containerLease())
}

// changeContainer commits what change makes of the record. A stamped change has
// a new ETag.
func (a Account) changeContainer(ctx context.Context, name string, cond Conditions, stamped bool, change func(*containerRecord) error) (ContainerInfo, error) {
	if err := ctx.Err(); err != nil {
		return ContainerInfo{}, err
	}
	c, err := a.container(name)
	if err != nil {
		return ContainerInfo{}, err
	}
	s := a.s
	if err := s.use.Enter(); err != nil {
		return ContainerInfo{}, err
	}
	defer s.use.Leave()
	c.mu.Lock()
	p, err := c.change(cond, stamped, change)
	info := c.info(s.now())
	c.mu.Unlock()
	if err != nil {
		return ContainerInfo{}, err
	}
	return info, kvError(p.Wait())
}

// change makes a change visible. mu is held.
func (c *container) change(cond Conditions, stamped bool, change func(*containerRecord) error) (kv.Pending, error) {
	if c.isGone() {
		return kv.Pending{}, noContainer(c.name)
	}
	s, now, after := c.s, c.s.now(), *c.rec.Load()
	if err := cond.meet(c.resource(), writes, after.etag, after.modified, nil); err != nil {
		return kv.Pending{}, err
	}
	if err := after.lease.guard(c.resource(), cond.Lease, false, now, containerLease()); err != nil {
		return kv.Pending{}, err
	}
	if err := change(&after); err != nil {
		return kv.Pending{}, err
	}
	b := s.db.NewBatch(512)
	if stamped {
		m := s.clock.begin()
		defer s.clock.finish(m)
		after.etag, after.modified = m.tick, now.Unix()
		b.AddTally(tallyKey(nil, c.cid), kv.Tally{Max: uint64(m.tick)})
	}
	b.Set(c.key(), after.append(nil))
	p, err := b.CommitAsync()
	if err == nil {
		c.rec.Store(&after)
	}
	return p, kvError(err)
}

// SetContainerMetadata replaces the metadata.
func (a Account) SetContainerMetadata(ctx context.Context, name string, metadata Metadata, cond Conditions) (ContainerInfo, error) {
	return a.changeContainer(ctx, name, cond, true, func(r *containerRecord) error {
		r.metadata = slices.Clone(metadata)
		return nil
	})
}

// SetContainerACL replaces the level of public access and the stored policies,
// which the store does not look into.
func (a Account) SetContainerACL(ctx context.Context, name string, access PublicAccess, policies []byte, cond Conditions) (ContainerInfo, error) {
	return a.changeContainer(ctx, name, cond, true, func(r *containerRecord) error {
		r.access, r.policies = access, slices.Clone(policies)
		return nil
	})
}

// leaseContainer does an action on a container's lease.
func (a Account) leaseContainer(ctx context.Context, name string, q LeaseRequest) (result LeaseResult, err error) {
	q.Conditions.Lease = ""
	info, err := a.changeContainer(ctx, name, q.Conditions, false, func(r *containerRecord) error {
		r.lease, result.Seconds, err = r.lease.apply("container "+name, q, a.s.now())
		if err == nil && q.Action != BreakLease && q.Action != ReleaseLease {
			result.ID = r.lease.id.String()
		}
		return err
	})
	result.ETag, result.Modified = info.ETag, info.Modified
	return result, err
}

// DeleteContainer deletes a container and its blobs. With retention of containers
// it can be brought back.
func (a Account) DeleteContainer(ctx context.Context, name string, cond Conditions) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s := a.s
	if err := s.use.Enter(); err != nil {
		return err
	}
	defer s.use.Leave()
	s.catalog.Lock()
	st := s.accounts[a.id]
	if st == nil || st.containers[name] == nil {
		s.catalog.Unlock()
		return noContainer(name)
	}
	c, now := st.containers[name], s.now()
	r := c.rec.Load()
	err := cond.meet(c.resource(), writes, r.etag, r.modified, nil)
	if err == nil {
		err = r.lease.guard(c.resource(), cond.Lease, true, now, containerLease())
	}
	if err != nil {
		s.catalog.Unlock()
		return err
	}
	b := s.db.NewBatch(512)
	if days := st.settings.Load().retention.ContainerDays; days > 0 {
		return s.softDelete(b, st, c, days)
	}
	return s.dropContainers(b, []*container{c}, func() { delete(st.containers, name) })
}

// softDelete keeps the container for some days. catalog is held, and let go.
func (s *Store) softDelete(b *kv.Batch, st *accountState, c *container, days int) error {
	m := s.clock.begin()
	defer s.clock.finish(m)
	c.mu.Lock()
	defer c.mu.Unlock()
	after := *c.rec.Load()
	after.deleted, after.expires, after.lease = m.tick, tickOf(s.now().Add(time.Duration(days)*24*time.Hour)), lease{}
	b.Set(c.key(), after.append(nil))
	b.AddTally(tallyKey(nil, c.cid), kv.Tally{Max: uint64(m.tick)})
	return s.commitCatalog(b, func() {
		c.rec.Store(&after)
		delete(st.containers, c.name)
		st.deleted[deletedKey(c.name, after.deleted)] = c
		close(c.gone)
	})
}

// UndeleteContainer brings a deleted container back, by the version that
// ListContainers tells.
func (a Account) UndeleteContainer(ctx context.Context, name, version string) (ContainerInfo, error) {
	if err := ctx.Err(); err != nil {
		return ContainerInfo{}, err
	}
	s := a.s
	if err := s.use.Enter(); err != nil {
		return ContainerInfo{}, err
	}
	defer s.use.Leave()
	s.catalog.Lock()
	st := s.state(a.id)
	old := st.deleted[name+"\x00"+version]
	if old == nil || st.containers[name] != nil {
		s.catalog.Unlock()
		if old == nil {
			return ContainerInfo{}, noContainer(name)
		}
		return ContainerInfo{}, codes.New(ContainerAlreadyExists, "container "+name, "another of the name exists")
	}
	c := &container{s: s, account: a.id, cid: old.cid, name: name, gone: make(chan struct{})}
	after := *old.rec.Load()
	after.deleted, after.expires = 0, 0
	c.news.last = old.news.last
	c.rec.Store(&after)
	b := s.db.NewBatch(512)
	b.Set(c.key(), after.append(nil))
	err := s.commitCatalog(b, func() {
		delete(st.deleted, name+"\x00"+version)
		st.containers[name], s.byNumber[c.cid] = c, c
	})
	return c.info(s.now()), err
}

// dropContainers commits b with the end of the containers. catalog is held, and
// let go. Their blobs go in the background.
func (s *Store) dropContainers(b *kv.Batch, all []*container, visible func()) error {
	m := s.clock.begin()
	defer s.clock.finish(m)
	b.AddTally(tallyKey(nil, 0), kv.Tally{Max: uint64(m.tick)}) // theirs go
	for _, c := range all {
		c.mu.Lock()
		defer c.mu.Unlock()
		b.Delete(c.key())
		b.Set(purgeKey(c.cid), nil)
	}
	err := s.commitCatalog(b, func() {
		visible()
		for _, c := range all {
			delete(s.byNumber, c.cid)
			if !c.isGone() {
				close(c.gone)
			}
		}
	})
	if err != nil {
		return fmt.Errorf("delete containers: %w", err)
	}
	s.wake()
	return nil
}

func sortContainers(all []*container) {
	slices.SortFunc(all, func(a, b *container) int { return strings.Compare(a.name, b.name) })
}

// ContainerList says which containers to list.
type ContainerList struct {
	Prefix  string
	Marker  string // where the last page ended; "" for the first
	Max     int    // 1 to 5,000; 0 for 5,000
	Deleted bool   // softly deleted ones too
}

// ListContainers returns a page of containers by name, and where the next begins,
// "" after the last.
func (a Account) ListContainers(ctx context.Context, o ContainerList) (page []ContainerInfo, next string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	from, err := parseMarker(o.Marker)
	if err != nil {
		return nil, "", err
	}
	limit := pageSize(o.Max)
	now := a.s.now()
	all := map[string]*container{}
	a.s.catalog.RLock()
	if st := a.s.accounts[a.id]; st != nil {
		for name, c := range st.containers {
			all[name+"\x00"] = c
		}
		for key, c := range st.deleted {
			if o.Deleted {
				all[key] = c
			}
		}
	}
	a.s.catalog.RUnlock()
	var keys []string
	for key := range all {
		if strings.HasPrefix(key, o.Prefix) && key >= from {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for i, key := range keys {
		if i == limit {
			return page, marker(key), nil
		}
		page = append(page, all[key].info(now))
	}
	return page, "", nil
}

// marker makes a place in a listing fit for every text.
func marker(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

func parseMarker(s string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return "", codes.New(InvalidMarker, "listing", "the marker is none that a page ended with")
	}
	return string(b), nil
}

// maxPage is how much a listing returns at once.
const maxPage = 5000

func pageSize(limit int) int {
	if limit <= 0 || limit > maxPage {
		return maxPage
	}
	return limit
}
