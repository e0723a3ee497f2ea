package nodeworker

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// Files of npm.
const (
	packageFile = "package.json"
	lockFile    = "package-lock.json"
	modules     = "node_modules"
)

// sdk is the package that every app is written with.
const sdk = "@azure/functions"

// pkg is what a package.json says.
type pkg struct {
	Main         string            `json:"main"`
	Scripts      map[string]string `json:"scripts"`
	Dependencies map[string]string `json:"dependencies"`
	Development  map[string]string `json:"devDependencies"`
}

// readPackage reads the package.json of an app; one that is not there says
// nothing.
func readPackage(dir string) (pkg, error) {
	var p pkg
	path := filepath.Join(dir, packageFile)
	text, err := textfile.ReadFollowed(path, textfile.Source)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, fault.Wrap(fault.Unavailable, path, err, "read it")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fault.New(fault.Invalid, path, "%s%v", lineOf(text, err), err)
	}
	return p, nil
}

// built reports the folder that "main" is in, such as dist, where what is in it is not made
// here: an app in TypeScript is compiled when its sources change, and what that writes is
// no change.
func built(dir string) func(folder string) bool {
	p, err := readPackage(dir)
	if err != nil || exists(filepath.Join(dir, compilerFile)) {
		return nil // what is wrong with it is told when the app is made ready
	}
	top, _, deeper := strings.Cut(strings.TrimPrefix(filepath.ToSlash(p.Main), "./"), "/")
	if !deeper || top == modules {
		return nil
	}
	return func(folder string) bool { return folder == top }
}

// lineOf tells where the error of a JSON text is, as "line 3: ".
func lineOf(text []byte, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	at := int64(-1)
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at = kind.Offset
	}
	if at < 0 || at > int64(len(text)) {
		return ""
	}
	return "line " + strconv.Itoa(1+bytes.Count(text[:at], []byte("\n"))) + ": "
}

// olderSDK matches version ranges of the SDK's older model.
var olderSDK = regexp.MustCompile(`^[\^~=v]?[0-3](\.|$)`)

// fits refuses an app of the older programming model by name.
func (p pkg) fits(dir string) error {
	const move = "move its functions to app.http() and its like of @azure/functions 4 (https://aka.ms/AzFuncNodeV4 tells how), or run it as it is with Azure's `func start`"
	if v := p.Dependencies[sdk]; olderSDK.MatchString(v) {
		return fault.New(fault.Invalid, filepath.Join(dir, packageFile),
			"it asks for %s %s, the package of the older programming model v3, which does not run here; %s", sdk, v, move)
	}
	_, registers := p.Dependencies[sdk]
	old, _ := filepath.Glob(filepath.Join(dir, "*", "function.json"))
	if len(old) > 0 && !registers {
		name, _ := filepath.Rel(dir, old[0])
		return fault.New(fault.Invalid, dir, "%s declares a function in the older way (programming model v3), which does not run here; %s", filepath.ToSlash(name), move)
	}
	return nil
}

// missing are the packages that the app asks for and that are in no node_modules
// where Node looks for them.
func (p pkg) missing(dir string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(p.Dependencies)), func(name string) bool { return findModule(dir, name) != "" })
}

// findModule returns the folder of a package as Node finds it from dir, or "".
func findModule(dir, name string) string {
	for at := dir; ; at = filepath.Dir(at) {
		folder := filepath.Join(at, modules, filepath.FromSlash(name))
		if exists(filepath.Join(folder, packageFile)) {
			return folder
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

// lock is what a package-lock.json, or that of node_modules, says of packages by
// their folders.
type lock struct {
	Packages map[string]locked `json:"packages"`
}

type locked struct {
	Version      string            `json:"version"`
	Optional     bool              `json:"optional"`
	Dev          bool              `json:"dev"`
	Peer         bool              `json:"peer"`
	Link         bool              `json:"link"`
	Dependencies map[string]string `json:"dependencies"`
	Development  map[string]string `json:"devDependencies"`
}

// maxLock is how many bytes of a lock are read: those of large apps have megabytes.
const maxLock = 64 << 20

func readLock(path string) (lock, bool) {
	var l lock
	text, err := textfile.ReadFollowed(path, maxLock)
	return l, err == nil && json.Unmarshal(text, &l) == nil && l.Packages != nil
}

// agrees reports whether a lock was made of this package.json.
func (l lock) agrees(p pkg) bool {
	root := l.Packages[""]
	return maps.Equal(root.Dependencies, p.Dependencies) && maps.Equal(root.Development, p.Development)
}

// differs reports whether other packages are installed than the lock says.
func (l lock) differs(installed lock) bool {
	for folder, want := range l.Packages {
		if folder == "" || want.Optional || want.Dev || want.Peer || want.Link || !strings.HasPrefix(folder, modules) {
			continue
		}
		if installed.Packages[folder].Version != want.Version {
			return true
		}
	}
	return false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
