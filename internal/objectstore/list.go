package objectstore

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// ListOptions say which blobs List returns.
type ListOptions struct {
	Prefix    string
	Delimiter string // names that have it behind the prefix are told as one Entry.Prefix
	Marker    string // where the last page ended; "" for the first
	StartFrom string // names before it are left out
	Max       int    // entries, 1 to 5,000; 0 for 5,000

	Snapshots, Versions, Deleted, Uncommitted bool // include them
}

// Entry is a blob, or a prefix that blobs have in common.
type Entry struct {
	Prefix string // "" for a blob
	Blob   *Info
}

// lister walks the tables of blobs and of their snapshots and versions side by
// side, in the order of names, for each name the earlier states first.
type lister struct {
	o            ListOptions
	c            *container
	now          time.Time
	base, states *kv.Iter // states is nil when nothing of it is asked for
	okB, okS     bool
}

// List returns a page of the container's blobs in the order of their names'
// bytes, and where the next begins, "" after the last. A blob's snapshots and
// versions come before it, oldest first.
func (a Account) List(ctx context.Context, container string, o ListOptions) (page []Entry, next string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	c, err := a.container(container)
	if err != nil {
		return nil, "", err
	}
	from, err := parseMarker(o.Marker)
	if err != nil {
		return nil, "", err
	}
	if from == "" {
		from = max(o.Prefix, o.StartFrom)
	}
	snap := a.s.db.Snapshot()
	defer snap.Close()
	l := &lister{o: o, c: c, now: a.s.now()}
	defer l.close()
	if err := l.open(snap, from); err != nil {
		return nil, "", err
	}
	page, next, err = l.page(pageSize(o.Max))
	return page, next, errors.Join(err, l.err())
}

// open places the walks at a name, or at a state of one: a name, a zero byte and
// a tick.
func (l *lister) open(snap kv.Reader, from string) (err error) {
	low := blobKey(nil, tableBlobs, l.c.cid, l.o.Prefix)
	if l.base, err = snap.Iter(low, kv.PrefixEnd(low)); err != nil {
		return kvError(err)
	}
	name, _, _ := strings.Cut(from, "\x00")
	l.okB = l.base.SeekGE(blobKey(nil, tableBlobs, l.c.cid, name))
	if !l.o.Snapshots && !l.o.Versions && !l.o.Deleted {
		return nil
	}
	low = blobKey(nil, tableStates, l.c.cid, l.o.Prefix)
	if l.states, err = snap.Iter(low, kv.PrefixEnd(low)); err != nil {
		return kvError(err)
	}
	if l.o.Marker != "" && from == name {
		from += "\x01" // the states of the name were before it
	}
	l.okS = l.states.SeekGE(blobKey(nil, tableStates, l.c.cid, from))
	return nil
}

func (l *lister) close() {
	for _, it := range []*kv.Iter{l.base, l.states} {
		if it != nil {
			_ = it.Close()
		}
	}
}

func (l *lister) err() error {
	err := l.base.Error()
	if l.states != nil {
		err = errors.Join(err, l.states.Error())
	}
	return kvError(err)
}

// here returns what comes next: the key of its place for a marker, its name, and
// its walk.
func (l *lister) here() (place, name []byte, at tick, it *kv.Iter) {
	if l.okB {
		name = l.base.Key()[prefixLen:]
		place, it = name, l.base
	}
	if l.okS {
		n, t := splitState(l.states.Key())
		if !l.okB || bytes.Compare(n, name) <= 0 {
			return l.states.Key()[prefixLen:], n, t, l.states
		}
	}
	return place, name, 0, it
}

func (l *lister) page(limit int) (page []Entry, next string, err error) {
	for l.okB || l.okS {
		place, name, at, it := l.here()
		prefix := l.common(name)
		var info *Info
		if prefix == "" || !l.wantsAll() {
			if info, err = l.entry(string(name), at, it); err != nil {
				return nil, "", err
			}
			if info == nil {
				l.advance(it)
				continue
			}
		}
		if len(page) == limit {
			return page, marker(string(place)), nil
		}
		if prefix != "" {
			page = append(page, Entry{Prefix: prefix})
			l.skip(prefix)
			continue
		}
		page = append(page, Entry{Blob: info})
		l.advance(it)
	}
	return page, "", nil
}

// wantsAll reports whether everything in the tables is listed, so that a common
// prefix needs no look at its first blob.
func (l *lister) wantsAll() bool {
	return l.o.Snapshots && l.o.Versions && l.o.Deleted && l.o.Uncommitted
}

// common returns the prefix that a name is told by, "" when it is told itself.
func (l *lister) common(name []byte) string {
	if l.o.Delimiter == "" {
		return ""
	}
	rest := name[len(l.o.Prefix):]
	if i := bytes.Index(rest, []byte(l.o.Delimiter)); i >= 0 {
		return string(name[:len(l.o.Prefix)+i+len(l.o.Delimiter)])
	}
	return ""
}

// skip goes on behind all names with a prefix.
func (l *lister) skip(prefix string) {
	end := kv.PrefixEnd([]byte(prefix))
	if end == nil {
		l.okB, l.okS = false, false
		return
	}
	l.okB = l.okB && l.base.SeekGE(blobKey(nil, tableBlobs, l.c.cid, string(end)))
	l.okS = l.okS && l.states.SeekGE(blobKey(nil, tableStates, l.c.cid, string(end)))
}

func (l *lister) advance(it *kv.Iter) {
	if it == l.base {
		l.okB = it.Next()
	} else {
		l.okS = it.Next()
	}
}

// entry returns what is told of a record, nil when it is not asked for.
func (l *lister) entry(name string, at tick, it *kv.Iter) (*Info, error) {
	r, err := parseRecord(it.Value())
	if err != nil {
		return nil, codes.Wrap(InternalError, "blob "+l.c.name+"/"+name, err, "its record cannot be read")
	}
	switch {
	case r.deleted != 0 && !l.o.Deleted,
		r.uncommitted && !l.o.Uncommitted,
		r.state == stateSnapshot && !l.o.Snapshots,
		r.state == stateVersion && !l.o.Versions:
		return nil, nil
	}
	info := r.info(l.c.name, name, at, l.now)
	return &info, nil
}

// Tagged is a blob that FindByTags found.
type Tagged struct {
	Container, Blob string
	Tags            []Pair
}

// FindByTags returns a page of blobs whose tags the function accepts, by
// container and name, and where the next page begins. Container limits it to one,
// "" is all.
func (a Account) FindByTags(ctx context.Context, container string, where func(container string, tags map[string]string) bool, from string, limit int) (page []Tagged, next string, err error) {
	place, err := parseMarker(from)
	if err != nil {
		return nil, "", err
	}
	startContainer, startName, _ := strings.Cut(place, "\x00")
	all, err := a.containersFrom(container, startContainer)
	if err != nil {
		return nil, "", err
	}
	f := finder{a: a, where: where, limit: pageSize(limit)}
	for _, c := range all {
		start := ""
		if c.name == startContainer {
			start = startName
		}
		if next, err := f.search(ctx, c, start); err != nil || next != "" {
			return f.page, next, err
		}
	}
	return f.page, "", nil
}

// containersFrom returns containers by name, one or all from a name on.
func (a Account) containersFrom(only, from string) (all []*container, err error) {
	if only != "" {
		c, err := a.container(only)
		return []*container{c}, err
	}
	a.s.catalog.RLock()
	defer a.s.catalog.RUnlock()
	if st := a.s.accounts[a.id]; st != nil {
		for name, c := range st.containers {
			if name >= from {
				all = append(all, c)
			}
		}
	}
	sortContainers(all)
	return all, nil
}

type finder struct {
	a     Account
	where func(string, map[string]string) bool
	limit int
	page  []Tagged
}

// search adds the blobs of one container to the page. When the page is full it
// returns where the next begins.
func (f *finder) search(ctx context.Context, c *container, start string) (next string, err error) {
	low := tableKey(nil, tableTagged, c.cid)
	it, err := f.a.s.db.Iter(low, kv.PrefixEnd(low))
	if err != nil {
		return "", kvError(err)
	}
	defer func() { err = errors.Join(err, kvError(it.Error()), it.Close()) }()
	for ok := it.SeekGE(append(low[:len(low):len(low)], start...)); ok; ok = it.Next() {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		name := string(it.Key()[prefixLen:])
		r, err := f.a.s.record(f.a.s.db, blobKey(nil, tableBlobs, c.cid, name), "blob "+c.name+"/"+name)
		if err != nil {
			return "", err
		}
		if !exists(r) || !f.where(c.name, tagMap(r.tags)) {
			continue
		}
		if len(f.page) == f.limit {
			return marker(c.name + "\x00" + name), nil
		}
		f.page = append(f.page, Tagged{c.name, name, r.tags})
	}
	return "", nil
}
