package outside

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// StandIn is a program for who has none of its name: it runs a command of ours.
type StandIn struct {
	Name    string
	Command []string // what it runs, before the words that it was called with
	Note    string
}

// standIns writes those that no folder of PATH has, and puts theirs behind all
// others there: one that is installed later goes before.
func (f *folder) standIns(e environment, all []StandIn) ([]Variable, error) {
	var vars []Variable
	for _, p := range all {
		if inPath(e[pathName], p.Name) {
			continue
		}
		path, err := f.write("bin/"+p.Name+scriptSuffix, script(p.Command))
		if err == nil {
			err = os.Chmod(path, 0o755)
		}
		if err != nil {
			return nil, err
		}
		vars = []Variable{{pathName, joined(string(filepath.ListSeparator), e[pathName], filepath.Dir(path)), p.Note}}
	}
	return vars, nil
}

// StandIn is the path of a stand-in that the room has, or "".
func (r *Room) StandIn(name string) string {
	path := r.folder.path("bin/" + name + scriptSuffix)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

const pathName = "PATH"

// inPath reports whether a folder of a PATH has a program.
func inPath(list, name string) bool {
	for _, dir := range filepath.SplitList(list) {
		if _, err := exec.LookPath(filepath.Join(dir, name)); dir != "" && err == nil {
			return true
		}
	}
	return false
}

var scriptSuffix = map[bool]string{true: ".cmd"}[runtime.GOOS == "windows"]

// script runs a command with the words that it was called with itself.
func script(command []string) []byte {
	var quoted []string
	if runtime.GOOS == "windows" {
		for _, w := range command {
			quoted = append(quoted, `"`+w+`"`)
		}
		return []byte("@" + strings.Join(quoted, " ") + " %*\r\n")
	}
	for _, w := range command {
		quoted = append(quoted, "'"+strings.ReplaceAll(w, "'", `'\''`)+"'")
	}
	return []byte("#!/bin/sh\nexec " + strings.Join(quoted, " ") + ` "$@"` + "\n")
}
