package localrun

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// ProjectFile is what makes a folder a Stream Analytics project, as the vendor's
// editor extension lays it out.
const ProjectFile = "asaproj.json"

// Project is a Stream Analytics project: a query and the local inputs that its
// files name.
type Project struct {
	Query      string            // the query's file
	Inputs     map[string]string // stream inputs: name to data file
	References map[string]string // the same, for reference data
	// Live are the inputs that are described without a data file.
	Live []streamsql.InputOptions
}

// projectFile is asaproj.json. Paths are relative to it.
type projectFile struct {
	StartFile      string
	Configurations []projectItem
}

type projectItem struct{ FilePath, SubType string }

// localInput is Inputs/Local_NAME.json. Older tools write InputAlias for Name.
type localInput struct {
	Name, InputAlias, Type, FilePath, ScriptType string
}

// jobConfig is the part of JobConfig.json that a local run heeds. As in the
// vendor's local run the time policies are not applied: files have no arrival
// times.
type jobConfig struct {
	CompatibilityLevel string
	DataLocale         string
}

// Level12 says that a query is of compatibility level 1.2, whatever the project
// says.
const Level12 = "1.2"

// OpenProject reads the project of a folder: asaproj.json, or the .asaproj of
// Visual Studio. It refuses a job whose settings would make the query mean
// something else than here: a compatibility level other than 1.2, unless level is
// Level12, or a locale other than English.
func OpenProject(dir, level string) (*Project, error) {
	file, from, err := readProjectFile(dir)
	if err != nil {
		return nil, err
	}
	if file.StartFile == "" {
		return nil, fault.New(fault.Invalid, from, "needs startFile: the query")
	}
	p := &Project{Query: resolve(dir, file.StartFile), Inputs: map[string]string{}, References: map[string]string{}}
	for _, c := range file.Configurations {
		path := resolve(dir, c.FilePath)
		switch c.SubType {
		case "JobConfig":
			err = checkJobConfig(path, level)
		case "Input", "InputMock", "ReferenceData":
			err = p.input(path)
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// readProjectFile finds and reads the file that makes a folder a project.
func readProjectFile(dir string) (file projectFile, from string, err error) {
	from = filepath.Join(dir, ProjectFile)
	if err = readJSON(from, &file); !errors.Is(err, os.ErrNotExist) {
		return file, from, err
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.asaproj"))
	switch {
	case err != nil:
		return file, from, err
	case len(found) == 0:
		return file, from, fault.New(fault.NotFound, dir, "no %s here: name a query's file, or a project's folder", ProjectFile)
	case len(found) > 1:
		return file, from, fault.New(fault.Invalid, dir, "holds %d .asaproj files; name the query's file instead", len(found))
	}
	file, err = readVisualStudio(found[0])
	return file, found[0], err
}

// projectAbove finds the project that a folder lies in, or returns "".
func projectAbove(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for range 4 {
		if _, _, err := readProjectFile(dir); !fault.Is(err, fault.NotFound) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

// input adds the input; a live one has no data file.
func (p *Project) input(path string) error {
	var in localInput
	if err := readJSON(path, &in); err != nil {
		return err
	}
	name := in.Name
	if name == "" {
		name = in.InputAlias
	}
	switch {
	case in.FilePath == "" && name != "":
		p.Live = append(p.Live, streamsql.InputOptions{Name: name, Reference: isReference(in.Type)})
	case in.FilePath == "":
	case name == "":
		return fault.New(fault.Invalid, path, "needs Name, or InputAlias as older tools write it: the name that the query reads FROM")
	case isReference(in.Type):
		p.References[name] = resolve(filepath.Dir(path), in.FilePath)
	default:
		p.Inputs[name] = resolve(filepath.Dir(path), in.FilePath)
	}
	return nil
}

// checkProjectOf applies the rules of OpenProject to the project that a script
// belongs to, if it belongs to one.
func checkProjectOf(script, level string) error {
	_, err := OpenProject(filepath.Dir(script), level)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

func checkJobConfig(path, level string) error {
	var c jobConfig
	if err := readJSON(path, &c); err != nil {
		return err
	}
	if c.CompatibilityLevel != "" && c.CompatibilityLevel != Level12 && level != Level12 {
		return fault.New(fault.Invalid, path,
			"CompatibilityLevel %s gives other results than 1.2 for the same query, and only 1.2 is here; set it to \"1.2\", or run it as 1.2 all the same with --level 1.2", c.CompatibilityLevel)
	}
	if c.DataLocale != "" && !strings.HasPrefix(strings.ToLower(c.DataLocale), "en") {
		return fault.New(fault.Invalid, path,
			"DataLocale %s: numbers and dates in text are read as in en-US only", c.DataLocale)
	}
	return nil
}

func isReference(inputType string) bool {
	return strings.HasPrefix(strings.ToLower(inputType), "ref")
}

// ReadQuery is the text of a query's file.
func ReadQuery(path string) (string, error) {
	text, err := textfile.ReadPath(path, streamsql.MaxTextBytes)
	var large textfile.TooLargeError
	switch {
	case errors.As(err, &large):
		return "", fault.New(fault.TooLarge, path, "a query has at most %d bytes", large)
	case err != nil:
		return "", err
	}
	return strings.TrimPrefix(string(text), "\xef\xbb\xbf"), nil
}

// maxProjectFile bounds each file that says what a project has.
const maxProjectFile = 4 << 20

func readJSON(path string, into any) error {
	text, err := textfile.ReadPath(path, maxProjectFile)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), into); err != nil {
		return fault.Wrap(fault.Invalid, path, err, "not the JSON that belongs here")
	}
	return nil
}
