package pyworker

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// code is the worker, a folder that Python runs.
//
//go:embed worker/__main__.py worker/lazuli_worker/*.py
var code embed.FS

// writeWorker puts the worker in a folder of its own below dir, whose name tells
// its content, and returns the folder: what runs keeps its files when a newer
// lazuli starts.
func writeWorker(dir string) (string, error) {
	files := map[string][]byte{}
	sum := sha256.New()
	err := fs.WalkDir(code, "worker", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := code.ReadFile(path)
		files[path[len("worker/"):]] = text
		sum.Write([]byte(path + "\x00"))
		sum.Write(text)
		return err
	})
	if err != nil {
		return "", fault.Wrap(fault.Internal, "python worker", err, "read it")
	}
	target := filepath.Join(dir, "worker-"+hex.EncodeToString(sum.Sum(nil)[:6]))
	complete := filepath.Join(target, "complete")
	if exists(complete) {
		return target, nil
	}
	for name, text := range files {
		path := filepath.Join(target, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", fault.Wrap(fault.Unavailable, target, err, "write the Python worker")
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return "", fault.Wrap(fault.Unavailable, target, err, "write the Python worker")
		}
	}
	if err := os.WriteFile(complete, nil, 0o600); err != nil {
		return "", fault.Wrap(fault.Unavailable, target, err, "write the Python worker")
	}
	return target, nil
}
