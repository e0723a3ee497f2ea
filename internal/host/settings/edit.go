package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/jsonc"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// Section is a part of local.settings.json that holds named values.
type Section string

// The sections that a tool may change.
const (
	Values            Section = "Values"
	ConnectionStrings Section = "ConnectionStrings"
)

// File is a local.settings.json in somebody's hands: what is changed in it leaves
// comments, the order and everything else as they are.
type File struct {
	path string // of what a link leads to
	text []byte
	mode fs.FileMode
}

// Value is a named value of a section.
type Value struct{ Name, Value string }

// privateMode is the mode of a file that is made here: it holds secrets.
const privateMode fs.FileMode = 0o600

// newFile is what a folder without the file begins with.
const newFile = "{\n  \"IsEncrypted\": false,\n  \"Values\": {}\n}\n"

// OpenFile reads the file of an app's folder for changing it. One that is not there
// is new; one that is encrypted or broken is refused, as ReadLocal does.
func OpenFile(dir string) (*File, error) {
	f, err := openFile(dir)
	if err != nil {
		return nil, err
	}
	_, err = ParseLocal(f.path, f.text)
	return f, err
}

func openFile(dir string) (*File, error) {
	path := filepath.Join(dir, LocalFile)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	f := &File{path: path, text: []byte(newFile), mode: privateMode}
	text, err := textfile.ReadFollowed(path, textfile.Source)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	f.text, f.mode = text, info.Mode().Perm()
	return f, nil
}

// Path is where the file is.
func (f *File) Path() string { return f.path }

// Save writes the file in one step.
func (f *File) Save() error {
	root, err := os.OpenRoot(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	return errors.Join(textfile.Replace(root, filepath.Base(f.path), f.text, f.mode), root.Close())
}

// List returns a section's values in the order in which they are written.
func (f *File) List(s Section) ([]Value, error) {
	in, found, err := f.section(s)
	if err != nil || !found {
		return nil, err
	}
	var out []Value
	for _, m := range in.members {
		l := Local{Values: map[string]string{}}
		var v any
		if err := json.Unmarshal(in.clean[m.value:m.end], &v); err != nil {
			return nil, err
		}
		if err := l.take(f.path, string(s), "", map[string]any{m.name: v}); err != nil {
			return nil, err
		}
		if text, ok := l.Values[m.name]; ok { // null is none
			out = append(out, Value{m.name, text})
		}
	}
	return out, nil
}

// Set gives a name a value; added reports that the name is new.
func (f *File) Set(s Section, name, value string) (added bool, err error) {
	if strings.TrimSpace(name) == "" {
		return false, fault.New(fault.Invalid, f.path, "a setting needs a name")
	}
	if strings.ContainsRune(name+value, 0) {
		return false, fault.New(fault.Invalid, f.path, "a setting is an environment variable in the end, which holds no zero byte")
	}
	in, found, err := f.section(s)
	if err != nil {
		return false, err
	}
	if !found {
		if in, err = f.addSection(s); err != nil {
			return false, err
		}
	}
	m, there, err := in.find(f.path, name)
	switch {
	case err != nil:
		return false, err
	case there:
		f.splice(m.value, m.end, quote(value))
	default:
		f.insert(in, quote(name)+": "+quote(value))
	}
	return !there, nil
}

// Delete takes a name out; false when it is not there.
func (f *File) Delete(s Section, name string) (bool, error) {
	in, found, err := f.section(s)
	if err != nil || !found {
		return false, err
	}
	m, there, err := in.find(f.path, name)
	if err != nil || !there {
		return false, err
	}
	f.remove(in, m)
	return true, nil
}

// quote is a text as JSON, in which & < > stay readable.
func quote(s string) string {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text is always JSON
	return strings.TrimSuffix(out.String(), "\n")
}

func (f *File) splice(from, to int, text string) {
	f.text = append(f.text[:from:from], append([]byte(text), f.text[to:]...)...)
}

// section finds a section.
func (f *File) section(s Section) (object, bool, error) {
	top, err := f.top()
	if err != nil {
		return object{}, false, err
	}
	m, found, err := top.find(f.path, string(s))
	if err != nil || !found || top.clean[m.value] != '{' { // null
		return object{}, false, err
	}
	return parseObject(top.clean, m.value), true, nil
}

// top is the whole file, which is one object.
func (f *File) top() (object, error) {
	clean := jsonc.Clean(f.text)
	var whole map[string]json.RawMessage
	if err := jsonc.Unmarshal(f.path, f.text, &whole); err != nil {
		return object{}, fault.Wrap(fault.Invalid, "", err, "read settings")
	}
	open := bytes.IndexByte(clean, '{')
	if open < 0 { // null
		return object{}, fault.New(fault.Invalid, f.path, "it holds no settings: write {}")
	}
	return parseObject(clean, open), nil
}

// addSection writes an empty section.
func (f *File) addSection(s Section) (object, error) {
	top, err := f.top()
	if err != nil {
		return object{}, err
	}
	if m, found, err := top.find(f.path, string(s)); err != nil {
		return object{}, err
	} else if found { // null
		f.splice(m.value, m.end, "{}")
	} else {
		f.insert(top, quote(string(s))+": {}")
	}
	in, _, err := f.section(s)
	return in, err
}
