package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// CopyModule puts a writable copy of a published Go module into a temporary
// folder and returns it, so that the tests the module ships can run against
// us. It returns false, after Missing, when the module cannot be had.
func CopyModule(t *testing.T, module, version string) (string, bool) {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", module+"@"+version)
	cmd.Dir = t.TempDir() // outside any module
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	runErr := cmd.Run()
	var got struct{ Dir, Error string }
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil || got.Error != "" || runErr != nil {
		Missing(t, module+"@"+version, fmt.Sprintf("go mod download: %v %s %s", runErr, got.Error, stderr.String()))
		return "", false
	}
	dir := t.TempDir()
	if err := copyTree(dir, got.Dir); err != nil {
		t.Fatal(err)
	}
	return dir, true
}

// copyTree copies regular files; the module cache's are read-only, the copies
// are not.
func copyTree(dst, src string) error {
	return filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		target := filepath.Join(dst, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
}
