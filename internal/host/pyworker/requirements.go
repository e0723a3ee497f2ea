package pyworker

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
)

// requirementsFile names the packages of an app.
const requirementsFile = "requirements.txt"

// maxIncluded bounds how many files requirements may take in.
const maxIncluded = 50

// isRequirements reports whether a file may be one of those that name packages.
func isRequirements(name string) bool {
	return strings.HasSuffix(name, ".txt") && (strings.Contains(name, "requirements") || strings.Contains(name, "constraints"))
}

// requirements are the packages that an app asks for.
type requirements struct {
	file string // "": none
	text []byte // of the file and of those that it takes in
}

// requirementsOf finds the app's requirements.txt, beside it or above it as far as
// the root of its repository.
func requirementsOf(dir string) requirements {
	for _, at := range foldersUp(dir) {
		path := filepath.Join(at, requirementsFile)
		if exists(path) {
			r := requirements{file: path}
			r.read(path, map[string]bool{})
			return r
		}
	}
	return requirements{}
}

// read adds the text of a file, and of those that its -r and -c lines name.
func (r *requirements) read(path string, seen map[string]bool) {
	text, err := os.ReadFile(path)
	if err != nil || seen[path] || len(seen) > maxIncluded {
		return // pip tells of what is missing
	}
	seen[path] = true
	r.text = append(append(r.text, text...), 0)
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 2 && (words[0] == "-r" || words[0] == "-c" || words[0] == "--requirement" || words[0] == "--constraint") {
			r.read(filepath.Join(filepath.Dir(path), words[1]), seen)
		}
	}
}

// key tells environments apart: by the interpreter and the requirements.
func (r requirements) key(python string) string {
	sum := sha256.New()
	sum.Write([]byte(identity(python) + "\x00"))
	sum.Write(r.text)
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
