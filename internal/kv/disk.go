package kv

import (
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// disk is the file system under Pebble. It makes files their owner's alone, and
// makes of a full disk something that passes:
//
//   - Pebble gives up for good when its log or its list of files cannot be
//     written. So a call for these waits for room, and tries again.
//   - Tables it makes again by itself, at once and without end. So these fail,
//     and the next try is put off.
//
// While either lasts, the health has commits refused. When the store is to be
// closed meanwhile, the plug is pulled: from then on changes go to nowhere, so
// that Pebble comes to an end and the disk stays as after a power loss.
type disk struct {
	vfs.FS
	health  *health
	off     atomic.Bool // the plug is pulled
	nowhere vfs.FS      // takes the files made afterwards
}

func newDisk(fs vfs.FS, h *health) *disk { return &disk{FS: fs, health: h, nowhere: vfs.NewMem()} }

// flushCategory is what Pebble gives as the category of tables of a flush.
const flushCategory = "pebble-memtable-flush"

func isTable(name string) bool { return strings.HasSuffix(name, ".sst") }

// dead reports whether the plug is pulled, or has to be because there is no
// room and nobody to wait for it.
func (d *disk) dead(err error) bool {
	if vfs.NoRoom(err) {
		select {
		case <-d.health.hurry:
			d.off.Store(true)
		default:
		}
	}
	return d.off.Load()
}

// insist makes a call until it no longer fails for want of room.
func (d *disk) insist(call func() error) error {
	err := call()
	if !vfs.NoRoom(err) || d.dead(err) {
		return err
	}
	defer d.health.wait(err)()
	for vfs.NoRoom(err) && d.health.pause() {
		err = call()
	}
	d.dead(err)
	return err
}

// Create implements vfs.FS.
func (d *disk) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return d.create(name, category, func() (vfs.File, error) { return d.FS.Create(name, category) })
}

// ReuseForWrite implements vfs.FS.
func (d *disk) ReuseForWrite(old, name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return d.create(name, category, func() (vfs.File, error) { return d.FS.ReuseForWrite(old, name, category) })
}

func (d *disk) create(name string, category vfs.DiskWriteCategory, begin func() (vfs.File, error)) (vfs.File, error) {
	if d.off.Load() {
		return d.createNowhere(name)
	}
	var f vfs.File
	try := func() (err error) {
		f, err = private(begin())
		return err
	}
	var err error
	if isTable(name) {
		if d.health.troubled(category == flushCategory) {
			d.health.pause()
		}
		err = try()
	} else {
		err = d.insist(try)
	}
	if d.dead(err) {
		if f != nil {
			return nil, errors.Join(os.ErrClosed, f.Close())
		}
		return d.createNowhere(name)
	}
	if err != nil {
		return nil, err
	}
	return &diskFile{f, d, isTable(name)}, nil
}

// private makes a new file its owner's alone.
func private(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	if own, ok := f.(interface{ Chmod(os.FileMode) error }); ok {
		if err := own.Chmod(0o600); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return f, nil
}

func (d *disk) createNowhere(name string) (vfs.File, error) {
	if err := d.nowhere.MkdirAll(d.PathDir(name), 0o700); err != nil {
		return nil, err
	}
	return d.nowhere.Create(name, vfs.WriteCategory)
}

// Open implements vfs.FS.
func (d *disk) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	if d.off.Load() {
		if f, err := d.nowhere.Open(name, o...); err == nil {
			return f, nil
		}
	}
	return d.FS.Open(name, o...)
}

// OpenReadWrite implements vfs.FS.
func (d *disk) OpenReadWrite(name string, category vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	f, err := d.FS.OpenReadWrite(name, category, o...)
	if err != nil {
		return nil, err
	}
	return &diskFile{f, d, isTable(name)}, nil
}

// Rename implements vfs.FS.
func (d *disk) Rename(from, to string) error {
	return d.alter(func() error { return d.FS.Rename(from, to) })
}

// Link implements vfs.FS.
func (d *disk) Link(from, to string) error {
	return d.alter(func() error { return d.FS.Link(from, to) })
}

// Remove implements vfs.FS.
func (d *disk) Remove(name string) error {
	return d.alter(func() error { return d.FS.Remove(name) })
}

// RemoveAll implements vfs.FS.
func (d *disk) RemoveAll(name string) error {
	return d.alter(func() error { return d.FS.RemoveAll(name) })
}

// alter makes a call that changes names.
func (d *disk) alter(call func() error) error {
	if d.off.Load() {
		return nil
	}
	err := d.insist(call)
	if d.off.Load() {
		return nil
	}
	return err
}

// Unwrap implements vfs.FS.
func (d *disk) Unwrap() vfs.FS { return d.FS }

// diskFile is a file of a disk that is written.
type diskFile struct {
	vfs.File
	disk  *disk
	table bool
}

// Write implements io.Writer.
func (f *diskFile) Write(b []byte) (int, error) {
	if f.disk.off.Load() {
		return len(b), nil
	}
	n, err := f.File.Write(b)
	if err == nil {
		return n, nil
	}
	if !f.table && vfs.NoRoom(err) {
		// What was written stays written: it goes on behind it.
		err = f.disk.insist(func() error {
			if n == len(b) {
				return nil
			}
			more, err := f.File.Write(b[n:])
			if n += more; err == nil && n < len(b) {
				err = io.ErrShortWrite
			}
			return err
		})
	}
	if f.disk.dead(err) {
		return len(b), nil
	}
	return n, err
}

// Preallocate implements vfs.File.
func (f *diskFile) Preallocate(offset, length int64) error {
	if f.disk.off.Load() {
		return nil
	}
	return f.File.Preallocate(offset, length)
}

// Sync implements vfs.File.
func (f *diskFile) Sync() error { return f.sync(f.File.Sync) }

// SyncData implements vfs.File.
func (f *diskFile) SyncData() error { return f.sync(f.File.SyncData) }

// sync does not try again: after a sync that failed nobody knows what is on the
// disk.
func (f *diskFile) sync(sync func() error) error {
	if f.disk.off.Load() {
		return nil
	}
	err := sync()
	if f.disk.dead(err) {
		return nil
	}
	return err
}

// SyncTo implements vfs.File.
func (f *diskFile) SyncTo(length int64) (bool, error) {
	if f.disk.off.Load() {
		return true, nil
	}
	return f.File.SyncTo(length)
}

// readOnly lets Pebble read a folder whose lock another of its stores holds, of
// this process.
type readOnly struct{ vfs.FS }

// Lock implements vfs.FS.
func (readOnly) Lock(string) (io.Closer, error) { return noLock{}, nil }

// Unwrap implements vfs.FS.
func (r readOnly) Unwrap() vfs.FS { return r.FS }

type noLock struct{}

func (noLock) Close() error { return nil }
