package objectstore

import (
	"cmp"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Usage is what the store takes of the disk, in bytes.
type Usage struct {
	Disk       int64 // of all files of content
	Live       int64 // of it, what blobs, snapshots and versions hold; what several share is counted as often
	Files      int
	Containers []ContainerUsage // by account and name
}

// ContainerUsage is what a container holds, without snapshots, versions and what
// is deleted.
type ContainerUsage struct {
	Account uint64
	Name    string
	Blobs   int64
	Bytes   int64
}

// Usage returns what the store takes.
func (s *Store) Usage() (u Usage, err error) {
	s.extents.mu.Lock()
	for _, e := range s.extents.all {
		u.Disk += max(e.size, extentHeader)
		u.Live += e.live
		u.Files++
	}
	s.extents.mu.Unlock()
	s.catalog.RLock()
	defer s.catalog.RUnlock()
	for id, st := range s.accounts {
		for name, c := range st.containers {
			t, err := kv.TallyAt(s.db, tallyKey(nil, c.cid))
			if err != nil {
				return u, kvError(err)
			}
			u.Containers = append(u.Containers, ContainerUsage{id, name, t.Sum[0], t.Sum[1]})
		}
	}
	slices.SortFunc(u.Containers, func(a, b ContainerUsage) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Name, b.Name))
	})
	return u, nil
}
