package host

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// What an app is made of, by the ends of file names: a change of others, such as a
// log that the app writes, is none of its code.
var (
	goSources     = []string{".go", ".s", ".c", ".h", ".syso"}
	goModules     = []string{"go.mod", "go.sum", "go.work"}
	customSources = []string{
		".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".jsx", ".rb", ".php", ".pl", ".lua", ".r", ".jl", ".sh", ".ps1", ".jar", ".dll",
	}
	customFiles = []string{"function.json", "package.json", "requirements.txt"}
)

// sources returns the folder that holds the app's code, which of its files are code, and
// which folders have some although their name says that what is in them was made.
func (h *Host) sources() (dir string, wanted, enter func(path string) bool) {
	l, interpreted := languageOf(h.setup())
	switch {
	case h.setup().kind == project.Custom:
		return h.o.Dir, func(path string) bool {
			s := h.setup()
			return ofSetup(path) || path == filepath.Clean(s.expandEnv(s.config.CustomHandler.Executable)) || slices.Contains(customFiles, filepath.Base(path)) || slices.Contains(customSources, strings.ToLower(filepath.Ext(path)))
		}, nil
	case interpreted:
		also := func(string) bool { return false }
		if l.Also != nil {
			also = l.Also(h.languageApp(h.setup()))
		}
		if l.Looks != nil {
			enter = l.Looks(h.o.Dir)
		}
		return h.o.Dir, func(path string) bool { return ofSetup(path) || l.Code(path) || also(path) }, enter
	case h.o.Binary != "":
		name := filepath.Base(h.workerPath())
		return filepath.Dir(h.workerPath()), func(path string) bool { return path == name }, nil
	}
	all := embeds(h.o.Dir)
	return h.o.Dir, func(path string) bool {
		name := filepath.Base(path)
		return all || ofSetup(path) || slices.Contains(goModules, name) ||
			slices.Contains(goSources, filepath.Ext(name)) && !strings.HasSuffix(name, "_test.go")
	}, nil
}

// embeds reports whether the program in dir takes files of other kinds in.
func embeds(dir string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	deeper, _ := filepath.Glob(filepath.Join(dir, "*", "*.go"))
	for _, name := range append(files, deeper...) {
		if text, err := textfile.ReadFollowed(name, textfile.Source); err == nil && bytes.Contains(text, []byte("\n//go:embed ")) {
			return true
		}
	}
	return false
}
