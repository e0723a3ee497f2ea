package app

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockExclusive takes the file for this process, or fails with errLocked. The
// locked byte lies far behind the text, which another process may read.
func lockExclusive(f *os.File) error {
	behind := &windows.Overlapped{OffsetHigh: 1}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, behind)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errLocked
	}
	return err
}
