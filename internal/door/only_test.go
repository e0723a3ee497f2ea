package door

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// listens is every way to take a port: package net's, TLS's, and the servers
// that call them.
var listens = regexp.MustCompile(`\b(net\.Listen\w*\(|net\.ListenConfig\b|tls\.Listen\(|\.ListenAndServe\w*\()`)

// TestOnlyDoorsListen: whoever listens elsewhere has no back-off, no limits and
// no rule of who may call. Tests may, and so may the relays of `lazuli exec`,
// which lead to a door, and the socket of one worker in a folder of this user's.
func TestOnlyDoorsListen(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := 0
	for _, folder := range []string{"internal", filepath.Join("cmd", "lazuli")} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "testkit" || d.Name() == "testdata"):
				return fs.SkipDir
			case filepath.Ext(path) != ".go", strings.HasSuffix(path, "_test.go"):
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for n, line := range strings.Split(string(text), "\n") {
				if !listens.MatchString(line) || strings.HasPrefix(strings.TrimSpace(line), "//") {
					continue
				}
				switch rel, _ := filepath.Rel(root, path); filepath.ToSlash(rel) {
				case "internal/door/listen.go", "internal/outside/listen.go", "internal/host/worker/pipe_listen.go":
					seen++
				default:
					t.Errorf("%s:%d listens: %s", rel, n+1, strings.TrimSpace(line))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen != 4 {
		t.Errorf("doors, relays and workers listen in %d places; does this test still see?", seen)
	}
}
