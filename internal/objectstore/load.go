package objectstore

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// load reads what Open needs.
func (s *Store) load() error {
	numbers, err := kv.TallyAt(s.db, numbersKey())
	if err != nil {
		return err
	}
	s.numbers.Store(numbers.Max)
	last, err := s.loadContainers()
	if err != nil {
		return err
	}
	s.clock = newClock(s.now, last)
	if err := s.loadAccounts(); err != nil {
		return err
	}
	return s.loadExtents()
}

// loadContainers returns the highest tick that was given out.
func (s *Store) loadContainers() (last tick, err error) {
	err = kv.Each(s.db, []byte{kv.BlobsPrefix[0], tableContainers}, func(key, value []byte) error {
		r, err := parseContainer(value)
		if err != nil {
			return fmt.Errorf("container record %x: %w", key, err)
		}
		account := binary.BigEndian.Uint64(key[2:])
		c := &container{s: s, account: account, cid: r.cid, name: string(key[10 : len(key)-9]), gone: make(chan struct{})}
		c.rec.Store(r)
		s.state(account).add(c)
		s.byNumber[c.cid] = c
		return nil
	})
	if err != nil {
		return 0, err
	}
	err = kv.Each(s.db, []byte{kv.BlobsPrefix[0], tableTallies}, func(key, _ []byte) error {
		t, err := kv.TallyAt(s.db, key)
		last = max(last, tick(t.Max))
		if c := s.byNumber[binary.BigEndian.Uint32(key[2:])]; c != nil {
			c.news.last = tick(t.Max)
		}
		return err
	})
	return last, err
}

func (s *Store) loadAccounts() error {
	return kv.Each(s.db, []byte{kv.BlobsPrefix[0], tableAccounts}, func(key, value []byte) error {
		r, err := parseSettings(value)
		if err != nil {
			return fmt.Errorf("settings of account %x: %w", key, err)
		}
		s.state(binary.BigEndian.Uint64(key[2:])).settings.Store(r)
		return nil
	})
}

// loadExtents lists the files, lets those go in which nothing is alive, and
// goes on with the last that have room, behind their last living byte: what is
// there came from uploads that a crash cut off.
func (s *Store) loadExtents() error {
	x := s.extents
	if err := vfs.MakeDir(x.fs, x.dir); err != nil {
		return err
	}
	names, err := x.fs.List(x.dir)
	if err != nil {
		return fmt.Errorf("list folder %s: %w", x.dir, err)
	}
	for _, name := range names {
		number, ok := parseExtentName(name)
		if !ok {
			s.log.Warn("a file that is none of the blobs' is left alone", "file", filepath.Join(x.dir, name))
			continue
		}
		x.next = max(x.next, number+1)
		x.all[number] = newExtent(number, filepath.Join(x.dir, name), nil, 0)
	}
	if err := s.loadTallies(); err != nil {
		return err
	}
	for number, e := range x.all {
		if e.live > 0 {
			continue
		}
		if err := x.fs.Remove(e.path); err != nil {
			return fmt.Errorf("remove a file of dead bytes: %w", err)
		}
		delete(x.all, number)
	}
	return s.resume()
}

// loadTallies reads how much of each extent is alive.
func (s *Store) loadTallies() error {
	x := s.extents
	return kv.Each(s.db, []byte{kv.BlobsPrefix[0], tableExtents}, func(key, _ []byte) error {
		t, err := kv.TallyAt(s.db, key)
		if err != nil {
			return err
		}
		number := binary.BigEndian.Uint64(key[2:])
		x.next = max(x.next, number+1)
		e := x.all[number]
		switch {
		case e != nil:
			e.live, e.size, e.sealed = t.Sum[0], int64(t.Max), true
		case t.Sum[0] > 0:
			s.log.Error("a file of blobs' bytes is gone: the blobs in it cannot be read",
				"file", filepath.Join(x.dir, extentName(number)), "bytes", t.Sum[0])
		}
		return nil
	})
}

// resume takes the newest extents that have room as the current ones.
func (s *Store) resume() error {
	x := s.extents
	var free []*extent
	for _, e := range x.all {
		if x.limit-e.size >= x.limit/8 && x.limit-e.size >= pieceSize {
			free = append(free, e)
		}
	}
	slices.SortFunc(free, func(a, b *extent) int { return cmp.Compare(b.number, a.number) })
	for i, e := range free {
		if i == int(streams) {
			break
		}
		f, err := x.fs.OpenReadWrite(e.path, vfs.WriteCategory)
		if err != nil {
			return fmt.Errorf("open a file of blobs: %w", err)
		}
		info, err := f.Stat()
		if err != nil {
			return errors.Join(fmt.Errorf("measure a file of blobs: %w", err), f.Close())
		}
		e.blanked.Store(info.Size())
		e.file, e.sealed = f, false
		x.current[i] = e
	}
	return nil
}
