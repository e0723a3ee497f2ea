//go:build unix

package app

import (
	"errors"
	"os"
	"syscall"
)

// lockExclusive takes the file for this process, or fails with errLocked.
func lockExclusive(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return err
}
