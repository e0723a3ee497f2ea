package functions

import (
	"bufio"
	"bytes"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/telemetry"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// What of the user's code is read to show the lines of a stack.
const (
	maxSource     = 2 << 20 // of a file
	maxSourceLine = 200
	maxSources    = 40 // frames
)

// withSources adds to each frame in the app's folder its line of code, as it is
// now, and names the file from that folder.
func withSources(dir string, frames []telemetry.Frame) []telemetry.Frame {
	files := map[string][]byte{}
	for i := range frames {
		f := &frames[i]
		path, ok := inside(dir, f.File)
		if !ok || i >= maxSources {
			continue
		}
		if f.Source == "" && !f.Runtime {
			f.Source = lineOf(files, path, f.Line)
		}
		f.File = within(dir, f.File)
	}
	return frames
}

// inside returns a file's path when it lies in the folder.
func inside(dir, file string) (string, bool) {
	if dir == "" || file == "" {
		return "", false
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	dir, err1 := filepath.EvalSymlinks(dir)
	real, err2 := filepath.EvalSymlinks(file)
	if err1 != nil || err2 != nil {
		return "", false
	}
	rel, err := filepath.Rel(dir, real)
	return real, err == nil && filepath.IsLocal(rel)
}

// within names a place, file or file:line, from the app's folder when it lies
// there.
func within(dir, place string) string {
	if rel, ok := strings.CutPrefix(place, dir+string(filepath.Separator)); ok && dir != "" {
		return filepath.ToSlash(rel)
	}
	return place
}

func lineOf(files map[string][]byte, path, line string) string {
	n, err := strconv.Atoi(line)
	if err != nil {
		return ""
	}
	text, read := files[path]
	if !read {
		text, _ = textfile.ReadPath(path, maxSource) // the line is an extra
		files[path] = text
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if n--; n == 0 {
			s := strings.TrimSpace(lines.Text())
			return strings.ToValidUTF8(s[:min(len(s), maxSourceLine)], "")
		}
	}
	return ""
}
