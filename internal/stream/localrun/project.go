package localrun

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
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
}

// projectFile is asaproj.json. Paths are relative to it.
type projectFile struct {
	StartFile      string
	Configurations []struct{ FilePath, SubType string }
}

// localInput is Inputs/Local_NAME.json.
type localInput struct {
	Name, Type, FilePath, ScriptType string
}

// jobConfig is the part of JobConfig.json that a local run heeds. As in the
// vendor's local run the time policies are not applied: files have no arrival
// times.
type jobConfig struct {
	CompatibilityLevel string
	DataLocale         string
}

// OpenProject reads the project of a folder. It refuses a job whose settings
// would make the query mean something else than here: a compatibility level
// other than 1.2, or a locale other than English.
func OpenProject(dir string) (*Project, error) {
	var file projectFile
	err := readJSON(filepath.Join(dir, ProjectFile), &file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.NotFound, dir, "no %s here: name a query's file, or a project's folder", ProjectFile)
	}
	if err != nil {
		return nil, err
	}
	if file.StartFile == "" {
		return nil, fault.New(fault.Invalid, filepath.Join(dir, ProjectFile), "needs startFile: the query")
	}
	p := &Project{Query: resolve(dir, file.StartFile), Inputs: map[string]string{}, References: map[string]string{}}
	for _, c := range file.Configurations {
		path := resolve(dir, c.FilePath)
		switch c.SubType {
		case "JobConfig":
			err = checkJobConfig(path)
		case "Input", "InputMock", "ReferenceData":
			err = p.input(path)
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// input adds the input if it is a local one; a live one has no data file.
func (p *Project) input(path string) error {
	var in localInput
	if err := readJSON(path, &in); err != nil {
		return err
	}
	switch {
	case in.FilePath == "":
		return nil
	case in.Name == "":
		return fault.New(fault.Invalid, path, "needs Name: the name that the query reads FROM")
	case isReference(in.Type):
		p.References[in.Name] = resolve(filepath.Dir(path), in.FilePath)
	default:
		p.Inputs[in.Name] = resolve(filepath.Dir(path), in.FilePath)
	}
	return nil
}

// checkProjectOf applies the rules of OpenProject to the project that a script
// belongs to, if it belongs to one.
func checkProjectOf(script string) error {
	dir := filepath.Dir(script)
	if _, err := os.Stat(filepath.Join(dir, ProjectFile)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	_, err := OpenProject(dir)
	return err
}

func checkJobConfig(path string) error {
	var c jobConfig
	if err := readJSON(path, &c); err != nil {
		return err
	}
	if c.CompatibilityLevel != "" && c.CompatibilityLevel != "1.2" {
		return fault.New(fault.Invalid, path,
			"CompatibilityLevel %s gives other results than 1.2 for the same query, and only 1.2 is here; set it to \"1.2\"", c.CompatibilityLevel)
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

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), into); err != nil {
		return fault.Wrap(fault.Invalid, path, err, "not the JSON that belongs here")
	}
	return nil
}
