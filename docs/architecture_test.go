// Package docs_test holds the documents against the code.
package docs_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/lazuli-dev/lazuli"

// place is a package's path below the module, "." for the module's own package;
// ours reports whether it is of this module.
func place(importPath string) (path string, ours bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// TestArrows demands that the picture in ARCHITECTURE.md equals the imports of
// every package, as the build sees them (tests excepted: they may reach for a
// real client or a neighbour's fake): no import without an arrow, no arrow and
// no room without a use.
func TestArrows(t *testing.T) {
	rooms := readArrows(t)
	inhabited, used := map[string]bool{}, map[string]bool{}
	for _, pkg := range listPackages(t) {
		path, _ := place(pkg.ImportPath)
		room := roomOf(rooms, path)
		if room == "" {
			t.Errorf("%s is in no room of docs/ARCHITECTURE.md", path)
			continue
		}
		inhabited[room] = true
		for _, imp := range pkg.Imports {
			target, ours := place(imp)
			if !ours || roomOf(rooms, target) == room {
				continue
			}
			name := strings.TrimPrefix(roomOf(rooms, target), "internal/")
			if !slices.Contains(rooms[room], name) {
				t.Errorf("%s imports %s: docs/ARCHITECTURE.md draws no arrow %s -> %s", path, target, room, name)
			}
			used[room+" -> "+name] = true
		}
	}
	for room, targets := range rooms {
		if !inhabited[room] {
			t.Errorf("docs/ARCHITECTURE.md draws %s, which holds no package", room)
		}
		for _, name := range targets {
			if inhabited[room] && !used[room+" -> "+name] {
				t.Errorf("docs/ARCHITECTURE.md draws the arrow %s -> %s, which nothing uses", room, name)
			}
		}
	}
}

// TestPlacesExist holds the table of where things go against the folders: every
// path of ours that it names exists, with NAME, VERB and the like for any word.
func TestPlacesExist(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "## Where to add X")
	if !found {
		t.Fatal("ARCHITECTURE.md does not say where to add X")
	}
	placeholder := regexp.MustCompile(`[A-Z][A-Z]+`)
	for _, path := range regexp.MustCompile("`((?:internal|conformance|functions|web|docs|examples)/[^`]*)`").FindAllStringSubmatch(table, -1) {
		pattern := filepath.Join("..", placeholder.ReplaceAllString(path[1], "*"))
		if matches, err := filepath.Glob(pattern); err != nil || len(matches) == 0 {
			t.Errorf("where to add X names %s, and there is none (%v)", path[1], err)
		}
	}
}

// TestArrowsPointOneWay demands that the picture itself has no circle.
func TestArrowsPointOneWay(t *testing.T) {
	rooms := readArrows(t)
	done := map[string]bool{}
	var walk func(room string, trail []string)
	walk = func(room string, trail []string) {
		if slices.Contains(trail, room) {
			t.Fatalf("a circle: %s", strings.Join(append(trail, room), " -> "))
		}
		if done[room] {
			return
		}
		for _, next := range rooms[room] {
			if _, top := rooms[next]; !top {
				next = "internal/" + next
			}
			if _, ok := rooms[next]; !ok {
				t.Errorf("%s points to %s, which is no room", room, next)
				continue
			}
			walk(next, append(trail, room))
		}
		done[room] = true
	}
	for room := range rooms {
		walk(room, nil)
	}
}

func TestArchitectureIsShort(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n >= 150 {
		t.Errorf("ARCHITECTURE.md has %d lines; under 150 is the promise", n)
	}
}

// readArrows reads the block marked "arrows": room -> rooms it may import.
func readArrows(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := bytes.Cut(text, []byte("```arrows\n"))
	block, _, closed := bytes.Cut(rest, []byte("```"))
	if !found || !closed {
		t.Fatal("ARCHITECTURE.md has no block of arrows")
	}
	rooms := map[string][]string{}
	lines := bufio.NewScanner(bytes.NewReader(block))
	for lines.Scan() {
		from, targets, ok := strings.Cut(lines.Text(), "->")
		if !ok {
			t.Fatalf("not an arrow: %q", lines.Text())
		}
		for _, room := range strings.Fields(from) {
			if _, twice := rooms[room]; twice {
				t.Errorf("%s is drawn twice", room)
			}
			rooms[room] = strings.Fields(targets)
		}
	}
	return rooms
}

// roomOf returns the longest room that holds the package path.
func roomOf(rooms map[string][]string, path string) string {
	best := ""
	for room := range rooms {
		if (path == room || strings.HasPrefix(path, room+"/")) && len(room) > len(best) {
			best = room
		}
	}
	return best
}

type goPackage struct {
	ImportPath string
	Imports    []string
	GoFiles    []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,GoFiles", "./...", module+"/functions/...", module+"/changefeed/...")
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			pkgs = append(pkgs, p)
		}
	}
}
