// Package textfile reads and writes the files that a person and the portal both
// edit: it writes in one step, and reads without waiting, inside a folder that
// nothing leads out of.
package textfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Replace writes a file of the folder so that a crash leaves the old or the new
// one, and returns when the new one is on the disk.
func Replace(root *os.Root, name string, text []byte, mode fs.FileMode) error {
	temporary := "." + name + "." + rand.Text()[:8]
	err := write(root, temporary, text, mode)
	if err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		_ = root.Remove(temporary) // the first error is the one to tell
		return fmt.Errorf("write %s: %w", name, err)
	}
	if dir, err := root.Open("."); err == nil {
		_ = dir.Sync() // not every system can
		_ = dir.Close()
	}
	return nil
}

func write(root *os.Root, name string, text []byte, mode fs.FileMode) error {
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	if err == nil {
		err = out.Chmod(mode)
	}
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
