package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// lockFile stands in the data folder. It holds the owner's process id as text,
// for the message of the second process; the lock itself is the kernel's and
// goes with the process however it ends.
const lockFile = "lock"

// lockData makes the data folder if need be and takes it for this process.
func lockData(dir string) (io.Closer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, dataError(dir, err)
	}
	path := filepath.Join(dir, lockFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, dataError(dir, err)
	}
	if err := lockSoon(f); err != nil {
		owner, _ := io.ReadAll(io.LimitReader(f, 32))
		f.Close()
		if errors.Is(err, errLocked) {
			return nil, fmt.Errorf("data folder %s is in use by another lazuli (process %s); stop that one, or give this one a folder of its own with --data", dir, strings.TrimSpace(string(owner)))
		}
		return nil, fmt.Errorf("lock data folder %s: %w", dir, err)
	}
	if err := errors.Join(f.Truncate(0), writePID(f)); err != nil {
		f.Close()
		return nil, dataError(dir, err)
	}
	return f, nil
}

// dying is how long a process that was killed may take to be gone, and its lock with
// it.
const dying = 500 * time.Millisecond

// lockSoon takes the lock, and waits a moment for an owner that is ending.
func lockSoon(f *os.File) error {
	err := lockExclusive(f)
	for end := time.Now().Add(dying); errors.Is(err, errLocked) && time.Now().Before(end); {
		<-time.After(20 * time.Millisecond)
		err = lockExclusive(f)
	}
	return err
}

func writePID(f *os.File) error {
	_, err := fmt.Fprintf(f, "%d\n", os.Getpid())
	return err
}

// errLocked says that another process holds the lock.
var errLocked = errors.New("locked by another process")

// dataError says what to do about a folder that cannot be written.
func dataError(dir string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("data folder %s cannot be written: %w; give another with --data", dir, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("data folder %s: the disk is full; free some space, or give another with --data", dir)
	}
	return fmt.Errorf("data folder %s: %w", dir, err)
}
