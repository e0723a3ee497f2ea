package language

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// WriteWorker puts the files of a worker into a folder of its own below dir, whose
// name tells their content, and returns the folder: what runs keeps its files when
// a newer lazuli starts.
func WriteWorker(code fs.FS, dir string) (string, error) {
	files := map[string][]byte{}
	sum := sha256.New()
	err := fs.WalkDir(code, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(code, path)
		files[path] = text
		sum.Write([]byte(path + "\x00"))
		sum.Write(text)
		return err
	})
	if err != nil {
		return "", fault.Wrap(fault.Internal, "worker", err, "read it")
	}
	target := filepath.Join(dir, "worker-"+hex.EncodeToString(sum.Sum(nil)[:6]))
	complete := filepath.Join(target, "complete")
	if _, err := os.Stat(complete); err == nil {
		return target, nil
	}
	files["complete"] = nil
	for name, text := range files {
		path := filepath.Join(target, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", fault.Wrap(fault.Unavailable, target, err, "write the worker")
		}
		if name == "complete" {
			continue
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return "", fault.Wrap(fault.Unavailable, target, err, "write the worker")
		}
	}
	if err := os.WriteFile(complete, nil, 0o600); err != nil {
		return "", fault.Wrap(fault.Unavailable, target, err, "write the worker")
	}
	return target, nil
}
