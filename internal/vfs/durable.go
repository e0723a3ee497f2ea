package vfs

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// SyncDir makes the names in a folder durable: what was created, renamed or
// removed there before the call survives a power loss after it.
func SyncDir(fs FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return fmt.Errorf("open folder %s: %w", dir, err)
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}

// MakeDir makes the folder and its missing parents, readable by their owner
// only, and makes their names durable.
func MakeDir(fs FS, dir string) error {
	if _, err := fs.Stat(dir); err == nil {
		return nil
	}
	parent := fs.PathDir(dir)
	if parent != dir {
		if err := MakeDir(fs, parent); err != nil {
			return err
		}
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder %s: %w", dir, err)
	}
	return SyncDir(fs, parent)
}

// CreatePrivate creates the file, or empties an existing one, readable and
// writable by its owner only where the file system knows owners.
func CreatePrivate(fs FS, path string) (File, error) {
	f, err := fs.Create(path, WriteCategory)
	if err != nil {
		return nil, err
	}
	if c, ok := f.(interface{ Chmod(os.FileMode) error }); ok {
		if err := c.Chmod(0o600); err != nil {
			f.Close()
			return nil, err
		}
	}
	return f, nil
}

// WriteFile replaces the file's content in one step: after a crash the old or
// the new content is there, never a mixture. The name gets the suffix ".tmp"
// meanwhile.
func WriteFile(fs FS, path string, content []byte) error {
	tmp := path + ".tmp"
	f, err := CreatePrivate(fs, tmp)
	if err != nil {
		return fmt.Errorf("create %s: %w", tmp, err)
	}
	_, err = f.WriteAt(content, 0)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = fs.Rename(tmp, path)
	}
	if err != nil {
		fs.Remove(tmp) // the old content stays; a leftover is overwritten next time
		return fmt.Errorf("write %s: %w", path, err)
	}
	return SyncDir(fs, fs.PathDir(path))
}

// ReadFile returns the file's content, at most limit bytes.
func ReadFile(fs FS, path string, limit int64) ([]byte, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes, more than %d", path, info.Size(), limit)
	}
	content := make([]byte, info.Size())
	if _, err := f.ReadAt(content, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return content, nil
}
