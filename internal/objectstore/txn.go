package objectstore

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// txn is one change of a blob. It holds the lock of the blob's name; what it
// collects becomes visible and durable as a whole.
type txn struct {
	a         Account
	s         *Store
	c         *container
	name      string
	now       time.Time
	settings  settings
	old       *record // of table B; nil when there is none
	batch     *kv.Batch
	moments   []*moment
	grown     []change
	shrunk    []change
	blobs     int64 // change of the count of blobs
	bytes     int64 // and of their bytes
	key       []byte
	fed       tick // its place in the feed; 0: it has none
	softly    bool // the container may be softly deleted
	versioned bool // what put puts is a new version
	touched   bool // something is to be committed
}

// resource names the blob in errors.
func (t *txn) resource() string { return "blob " + t.c.name + "/" + t.name }

// change runs fn, which reads t.old and collects changes, and commits them.
func (a Account) change(ctx context.Context, addr Address, fn func(*txn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkName(addr); err != nil {
		return err
	}
	c, err := a.container(addr.Container)
	if err != nil {
		return err
	}
	return a.changeIn(c, addr.Blob, fn)
}

// changeIn is change for a container at hand.
func (a Account) changeIn(c *container, name string, fn func(*txn) error) error {
	return a.commit(&txn{a: a, s: a.s, c: c, name: name}, fn)
}

func (a Account) commit(t *txn, fn func(*txn) error) error {
	s := a.s
	if err := s.use.Enter(); err != nil {
		return err
	}
	defer s.use.Leave()
	t.settings, t.batch = a.settings(), s.db.NewBatch(1024)
	defer t.finish()
	p, err := t.visible(fn)
	if err != nil || !t.touched {
		return err
	}
	if err := p.Wait(); err != nil {
		return kvError(err) // whether it is kept is not known: nothing that it names may go
	}
	if s.extents.account(t.shrunk, -1); len(t.shrunk) > 0 {
		s.wakeIfEmpty(t.shrunk)
	}
	return nil
}

// visible does the part under the lock.
func (t *txn) visible(fn func(*txn) error) (kv.Pending, error) {
	t.c.mu.RLock()
	defer t.c.mu.RUnlock()
	if t.c.isGone() && (!t.softly || t.c.rec.Load().deleted == 0) {
		return kv.Pending{}, errors.Join(t.discard(), noContainer(t.c.name))
	}
	defer t.s.lock(t.c.cid, t.name).Unlock()
	t.now = t.s.now()
	err := t.load()
	if err == nil {
		err = fn(t)
	}
	if err != nil || !t.touched {
		return kv.Pending{}, errors.Join(err, t.discard())
	}
	t.tallies()
	t.s.extents.account(t.grown, +1)
	p, err := t.batch.CommitAsync()
	if err != nil {
		t.s.extents.account(t.grown, -1)
	}
	return p, kvError(err)
}

func (t *txn) discard() error {
	t.batch.Discard()
	return nil
}

// load reads the blob.
func (t *txn) load() (err error) {
	t.key = blobKey(t.key[:0], tableBlobs, t.c.cid, t.name)
	t.old, err = t.s.record(t.s.db, t.key, t.resource())
	return err
}

// record reads a record, nil when there is none.
func (s *Store) record(r kv.Reader, key []byte, resource string) (*record, error) {
	b, ok, err := get(r, key)
	if err != nil || !ok {
		return nil, err
	}
	rec, err := parseRecord(b)
	if err != nil {
		return nil, codes.Wrap(InternalError, resource, err, "its record cannot be read")
	}
	return rec, nil
}

// tick takes a tick for something that the change makes.
func (t *txn) tick() tick {
	m := t.s.clock.begin()
	t.moments = append(t.moments, m)
	return m.tick
}

// finish lets the feed go on.
func (t *txn) finish() {
	for _, m := range t.moments {
		t.s.clock.finish(m)
	}
	if t.fed != 0 {
		t.c.news.tell(t.fed)
	}
}

// tallies adds what the change does to counts and extents.
func (t *txn) tallies() {
	tally := kv.Tally{Sum: [2]int64{t.blobs, t.bytes}}
	if n := len(t.moments); n > 0 {
		tally.Max = uint64(t.moments[n-1].tick)
	}
	if tally != (kv.Tally{}) {
		t.key = tallyKey(t.key[:0], t.c.cid)
		t.batch.AddTally(t.key, tally)
	}
	for _, c := range t.grown {
		t.key = extentKey(t.key[:0], c.extent)
		t.batch.AddTally(t.key, kv.Tally{Max: uint64(c.end), Sum: [2]int64{c.live}})
	}
	for _, c := range t.shrunk {
		t.key = extentKey(t.key[:0], c.extent)
		t.batch.AddTally(t.key, kv.Tally{Sum: [2]int64{-c.live}})
	}
}

// grow takes note of content that a record now names, shrink of content that one
// names no more.
func (t *txn) grow(refs []ref)   { t.grown = addChanges(t.grown, refs) }
func (t *txn) shrink(refs []ref) { t.shrunk = addChanges(t.shrunk, refs) }

func addChanges(to []change, refs []ref) []change {
	for _, r := range refs {
		i := slices.IndexFunc(to, func(c change) bool { return c.extent == r.extent })
		if i < 0 {
			i = len(to)
			to = append(to, change{extent: r.extent})
		}
		to[i].live += r.cost()
		to[i].end = max(to[i].end, r.end())
	}
	return to
}

// set puts a record where it belongs.
func (t *txn) set(key []byte, r *record) {
	t.touched = true
	t.batch.Set(key, r.append(nil))
}

func (t *txn) del(key []byte) {
	t.touched = true
	t.batch.Delete(key)
}

// put makes r the blob. A stamped one has a new ETag, and its place in the feed
// is the newest.
func (t *txn) put(r *record, stamped bool) {
	if stamped {
		t.unfeed(t.old)
		r.etag, r.modified = t.tick(), t.now.Unix()
		if r.created == 0 {
			r.created = r.etag
		}
		if t.versioned {
			r.version = r.etag
		}
		if !r.uncommitted && !r.copy.pending() {
			t.feed(r)
		}
	}
	t.tag(r)
	t.key = blobKey(t.key[:0], tableBlobs, t.c.cid, t.name)
	t.set(t.key, r)
	t.count(t.old, -1)
	t.count(r, +1)
}

// removeBase takes the blob out of its table, the feed and the counts, not its
// content.
func (t *txn) removeBase() {
	t.unfeed(t.old)
	t.tag(&record{})
	t.key = blobKey(t.key[:0], tableBlobs, t.c.cid, t.name)
	t.del(t.key)
	t.count(t.old, -1)
}

// feed puts a blob into the feed.
func (t *txn) feed(r *record) {
	t.fed = r.etag
	t.key = feedKey(t.key[:0], t.c.cid, r.etag)
	t.batch.Set(t.key, []byte(t.name))
}

// unfeed takes a blob out of the feed.
func (t *txn) unfeed(r *record) {
	if r != nil && !r.uncommitted && r.deleted == 0 {
		t.key = feedKey(t.key[:0], t.c.cid, r.etag)
		t.batch.Delete(t.key)
	}
}

// tag keeps the table of blobs with tags.
func (t *txn) tag(r *record) {
	has := len(r.tags) > 0 && r.deleted == 0
	had := t.old != nil && len(t.old.tags) > 0 && t.old.deleted == 0
	if has == had {
		return
	}
	t.key = blobKey(t.key[:0], tableTagged, t.c.cid, t.name)
	if has {
		t.batch.Set(t.key, nil)
	} else {
		t.batch.Delete(t.key)
	}
}

func (t *txn) count(r *record, sign int64) {
	if r != nil && !r.uncommitted && r.deleted == 0 {
		t.blobs += sign
		t.bytes += sign * r.size
	}
}

// exists reports whether the blob is there for those who do not ask for what is
// uncommitted or deleted.
func exists(r *record) bool { return r != nil && !r.uncommitted && r.deleted == 0 }

// MaxName is how many characters a blob's name has at most.
const MaxName = 1024

// checkName refuses names that cannot be keys.
func checkName(addr Address) error {
	if addr.Blob == "" || len(addr.Blob) > utf8.UTFMax*MaxName || utf8.RuneCountInString(addr.Blob) > MaxName {
		return codes.New(InvalidResourceName, "blob", "a blob's name has 1 to 1,024 characters")
	}
	for i := range len(addr.Blob) {
		if addr.Blob[i] == 0 {
			return codes.New(InvalidResourceName, "blob", "a blob's name has no zero byte")
		}
	}
	return nil
}

// existing demands that the blob is there, and that conditions and lease allow a
// change of it.
func (t *txn) existing(cond Conditions) error {
	if !exists(t.old) {
		return noBlob(t.c.name, t.name)
	}
	if err := cond.meet(t.resource(), writes, t.old.etag, t.old.modified, t.old.tags); err != nil {
		return err
	}
	if err := t.old.lease.guard(t.resource(), cond.Lease, true, t.now, blobLease()); err != nil {
		return err
	}
	return t.copying()
}

// creatable demands that conditions and lease allow to make or replace the blob.
func (t *txn) creatable(cond Conditions) error {
	if t.old == nil || t.old.deleted != 0 {
		if err := cond.meetAbsent(t.resource()); err != nil {
			return err
		}
		return lease{}.guard(t.resource(), cond.Lease, true, t.now, blobLease())
	}
	var err error
	if t.old.uncommitted {
		err = cond.meetAbsent(t.resource())
	} else {
		err = cond.meet(t.resource(), creates, t.old.etag, t.old.modified, t.old.tags)
	}
	if err == nil {
		err = t.old.lease.guard(t.resource(), cond.Lease, true, t.now, blobLease())
	}
	if err == nil {
		err = t.copying()
	}
	return err
}

func noBlob(container, name string) error {
	return codes.New(BlobNotFound, "blob "+container+"/"+name, "it does not exist")
}

// wakeIfEmpty has dead files go soon.
func (s *Store) wakeIfEmpty(changes []change) {
	s.extents.mu.Lock()
	defer s.extents.mu.Unlock()
	for _, c := range changes {
		if e := s.extents.all[c.extent]; e != nil && e.sealed && e.live <= 0 {
			s.wake()
			return
		}
	}
}
