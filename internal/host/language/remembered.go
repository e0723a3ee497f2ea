package language

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// IsScript reports a program that is a text, as the stand-ins of version managers
// are: which program it runs does not show in its file.
func IsScript(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var first [2]byte
	_, err = io.ReadFull(f, first[:])
	return err == nil && string(first[:]) == "#!"
}

// Identity is what changes when a program does: its file, by size and time.
func Identity(path string) string {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path
	}
	info, err := os.Stat(real)
	if err != nil {
		return real
	}
	return fmt.Sprintf("%s %d %d", real, info.Size(), info.ModTime().UnixNano())
}

// note is what a program said of itself, with all that it depends on. Asking takes as
// long as starting a worker.
type note[T any] struct {
	Key  string
	Said T
}

// Recall returns what was remembered in a file below Keep, if it was under the same
// key; "" is the key of what cannot be remembered.
func Recall[T any](app App, file, key string) (said T, ok bool) {
	text, err := os.ReadFile(filepath.Join(app.Keep, file))
	var n note[T]
	if key == "" || err != nil || json.Unmarshal(text, &n) != nil || n.Key != key {
		return said, false
	}
	return n.Said, true
}

// Remember keeps what Recall returns; where it cannot, it is asked again next time.
func Remember[T any](app App, file, key string, said T) {
	path := filepath.Join(app.Keep, file)
	text, err := json.Marshal(note[T]{key, said})
	if key == "" || err != nil || os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	_ = os.WriteFile(path, text, 0o600)
}
