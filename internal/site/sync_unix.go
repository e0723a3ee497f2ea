//go:build unix

package site

import (
	"errors"
	"os"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// syncFolder makes durable which names a folder has.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, dir, err, "sync it")
	}
	return nil
}
