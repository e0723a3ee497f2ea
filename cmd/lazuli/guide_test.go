//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var guideBlock = regexp.MustCompile("(?ms)^```(sh|sh up|go|yaml)\n(.*?)^```")

// TestGuideFromNothing follows the guide to functions to the letter, in both
// languages: in an empty folder outside the clone, with the program and Go on the
// PATH, without a network and without a module cache. Programs go to app/main.go,
// project files to lazuli.yaml, what is marked "up" is the program that goes on
// running. One thing differs from a reader's terminal: the ports are free ones.
func TestGuideFromNothing(t *testing.T) {
	for _, page := range []string{"functions.md", "ko/functions.md"} {
		t.Run(page, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
			if err != nil {
				t.Fatal(err)
			}
			followGuide(t, guideBlock.FindAllStringSubmatch(string(text), -1))
		})
	}
}

func followGuide(t *testing.T, blocks [][]string) {
	dir, bin := t.TempDir(), t.TempDir()
	if err := os.Symlink(build().lazuli, filepath.Join(bin, "lazuli")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for name, value := range map[string]string{"GOPROXY": "off", "GOFLAGS": "", "GOWORK": "off", "GOMODCACHE": filepath.Join(bin, "none")} {
		t.Setenv(name, value)
	}
	var p *process
	for _, b := range blocks {
		var err error
		switch b[1] {
		case "go":
			err = os.WriteFile(filepath.Join(dir, "app", "main.go"), []byte(b[2]), 0o600)
		case "yaml":
			err = os.WriteFile(filepath.Join(dir, "lazuli.yaml"), []byte(b[2]), 0o600)
		case "sh up":
			if strings.TrimSpace(b[2]) != "lazuli up" {
				err = errors.New("the test starts lazuli up, and nothing else")
				break
			}
			p = up(t, dir, "--any-port")
			t.Setenv("LAZULI_RUN_DIR", filepath.Join(dir, "run"))
		case "sh":
			script := b[2]
			if p != nil {
				script = strings.ReplaceAll(script, "localhost:7071", p.info.Functions()["plant"])
			}
			cmd := exec.CommandContext(t.Context(), "sh", "-euc", script)
			cmd.Dir = dir
			var out []byte
			if out, err = cmd.CombinedOutput(); err != nil {
				t.Logf("%s", out)
			}
		}
		if err != nil {
			t.Fatalf("%v:\n%s", err, b[2])
		}
	}
	if p == nil {
		t.Error("the guide starts nothing")
	}
}
