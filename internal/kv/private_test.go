package kv_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// TestFilesAreTheirOwnersAlone: nobody else may read a file or enter the
// folder. Pebble makes its lock, which holds nothing, for everyone; the folder
// guards it.
func TestFilesAreTheirOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kv")
	for range 2 { // the second time, files of the first are taken over
		db, err := kv.Open(kv.Options{FS: vfs.Default, Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if folder.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v", folder.Mode())
	}
	files := 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == "LOCK" {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", d.Name(), info.Mode())
		}
		files++
		return nil
	})
	if err != nil || files < 4 {
		t.Errorf("%d files, %v", files, err)
	}
}
