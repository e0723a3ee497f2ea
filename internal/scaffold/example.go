package scaffold

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli"
)

// Example is a complete project that this program carries.
type Example struct {
	Name string
	Says string // what it shows
	Code bool   // it has a function app in Go, in the folder app
	Next string // the verb of a command to try when it runs; inDir names the project
}

// Examples are those of the repository's examples folder that stand alone.
var Examples = []Example{
	{"averages", "hub, stream query, container and dashboard; no code", false, "send telemetry_events --rate 20"},
	{"telemetry", "devices, hub, five functions in Go, change feed, alarm, dashboard", true, "send telemetry_events --rate 20"},
	{"telemetry-python", "the same pipeline as an app in Python", false, "send telemetry_events --rate 20"},
	{"thumbnail", "a blob trigger in Go: pictures get thumbnails", true, "storage cp picture.png blob:///samples-workers/"},
	{"thumbnail-python", "the same as an app in Python, with Pillow", false, "storage cp picture.png blob:///samples-workers/"},
	{"hello-python", "a function app in Python that answers HTTP", false, "func list"},
	{"hello-node", "a function app in JavaScript: HTTP, a hub, a timer", false, "func list"},
	{"hello-rust", "a custom handler in Rust, without packages; build it first", false, "func list"},
	{"stream", "a stream query over files, with its test cases", false, ""},
}

// FindExample returns the example of that name.
func FindExample(name string) (Example, error) {
	for _, e := range Examples {
		if strings.EqualFold(e.Name, name) {
			return e, nil
		}
	}
	return Example{}, fmt.Errorf("no example is called %q; there are %s", name, ExampleNames())
}

// ExampleNames lists them, for messages.
func ExampleNames() string {
	var names []string
	for _, e := range Examples {
		names = append(names, e.Name)
	}
	return strings.Join(names, ", ")
}

// Write writes the example's files below dir, and into a function app of it what
// the app needs to build anywhere. It returns the names of the example's own
// files, with forward slashes.
func (e Example) Write(dir string) ([]string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	own, err := e.files()
	if err != nil {
		return nil, err
	}
	var rest []file
	if e.Code {
		if rest, err = e.moduleFiles(); err != nil {
			return nil, err
		}
	}
	nameProject(own, filepath.Base(dir))
	if _, err := writeNew(dir, slices.Concat(own, rest)); err != nil {
		return nil, err
	}
	var names []string
	for _, f := range own {
		names = append(names, f.name)
	}
	return names, nil
}

// nameProject gives the project the name of its folder, which is what a person
// calls it.
func nameProject(files []file, name string) {
	for i := range files {
		if files[i].name == "lazuli.yaml" {
			quoted, _ := json.Marshal(name) // a text is always JSON, which YAML reads
			if plainName.MatchString(name) {
				quoted = []byte(name)
			}
			files[i].text = projectName.ReplaceAllLiteral(files[i].text, append([]byte("name: "), quoted...))
		}
	}
}

var (
	projectName = regexp.MustCompile(`(?m)^name: .*$`)
	plainName   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
)

// files are the example's own, but for the pages that explain it: these are for
// readers of the repository.
func (e Example) files() ([]file, error) {
	root := path.Join("examples", e.Name)
	var files []file
	err := fs.WalkDir(lazuli.Examples, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) == ".md" {
			return err
		}
		text, err := fs.ReadFile(lazuli.Examples, name)
		files = append(files, file{strings.TrimPrefix(name, root+"/"), text})
		return err
	})
	return files, err
}

// moduleFiles make a module of the folder app.
func (e Example) moduleFiles() ([]file, error) {
	files, err := appModule("example.org/" + e.Name)
	for i := range files {
		files[i].name = "app/" + files[i].name
	}
	return files, err
}
