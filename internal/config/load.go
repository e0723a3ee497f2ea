package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFileBytes bounds the project file.
const maxFileBytes = 1 << 20

// Load reads the project in dir and validates it. A folder without a project
// file is an empty project; a folder that does not exist is an error. The
// error shows the offending line.
func Load(dir string) (Config, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Config{}, err
	}
	info, err := os.Stat(abs)
	if err != nil {
		return Config{}, fmt.Errorf("project folder: %w", err)
	}
	path := filepath.Join(abs, FileName)
	if !info.IsDir() {
		path, abs = abs, filepath.Dir(abs)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		cfg := Default(abs)
		return cfg, cfg.Validate()
	}
	if err != nil {
		return Config{}, fmt.Errorf("project file: %w", err)
	}
	cfg, err := Parse(text, abs)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return cfg, nil
}

// Parse reads the text of a project file that stands in dir and validates it.
func Parse(text []byte, dir string) (Config, error) {
	cfg := Default(dir)
	cfg.HasFile = true
	cfg.Storage.Key = ""
	if len(text) > maxFileBytes {
		return cfg, fmt.Errorf("longer than %d bytes", maxFileBytes)
	}
	// A file of a Windows editor begins with a mark that nobody sees.
	file, err := parser.ParseBytes(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), 0)
	if err != nil {
		return cfg, shown(err)
	}
	for _, doc := range file.Docs {
		// Misspelt keys count, with or without a value.
		if err := check(doc.Body, reflect.TypeFor[Config](), ""); err != nil {
			return cfg, shown(err)
		}
		if !given(doc.Body, sectionDepth) {
			continue
		}
		if err := decode(doc.Body, &cfg); err != nil {
			return cfg, err
		}
	}
	cfg.fillHubs()
	if cfg.Storage.Key == "" && cfg.OnLoopback() {
		cfg.Storage.Key = EmulatorStorageKey
	}
	var faults []error
	for _, f := range cfg.faults() {
		faults = append(faults, located(file.Docs, f))
	}
	return cfg, errors.Join(faults...)
}

// decode reads a document into cfg. The error shows the line.
func decode(n ast.Node, cfg *Config) error { return shown(yaml.NodeToValue(n, cfg, yaml.Strict())) }

// shown is an error with its line and a caret.
func shown(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(yaml.FormatError(plain(err), false, true))
}

// plain is a parser's or decoder's error without the names of types of this program,
// nor of what a parser sees of a tab.
func plain(err error) error {
	var (
		odd   *yaml.SyntaxError
		wrong *yaml.TypeError
		big   *yaml.OverflowError
	)
	switch {
	case errors.As(err, &odd) && strings.Contains(odd.Message, "'\t'"):
		return &yaml.SyntaxError{Message: "there is a tab; YAML indents by blanks", Token: odd.Token}
	case errors.As(err, &wrong) && wrong.Token != nil:
		return &yaml.SyntaxError{Message: fmt.Sprintf("%q is no value of this key", wrong.Token.Value), Token: wrong.Token}
	case errors.As(err, &big) && big.Token != nil:
		return &yaml.SyntaxError{Message: fmt.Sprintf("%s is too large", big.SrcNum), Token: big.Token}
	}
	return err
}

// sectionDepth is how deep the keys of the file are settings of ours; below
// come names that the user gives.
const sectionDepth = 2

// given reports whether the node holds anything but comments, and takes out
// the settings below it that do not: a key whose value is commented out keeps
// its default.
func given(n ast.Node, depth int) bool {
	switch n := n.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return false
	case *ast.MappingNode:
		if depth > 0 && len(n.Values) > 0 {
			n.Values = slices.DeleteFunc(n.Values, func(v *ast.MappingValueNode) bool { return !given(v.Value, depth-1) })
			return len(n.Values) > 0
		}
	}
	return true
}

// fillHubs gives their defaults to hubs of which the file says nothing but the
// name.
func (c *Config) fillHubs() {
	for _, n := range c.EventHubs.All() {
		for name, h := range n.Hubs {
			if h.Partitions == 0 {
				n.Hubs[name] = defaultHub()
			}
		}
	}
}

func defaultHub() Hub { return Hub{Partitions: DefaultPartitions, Retention: DefaultRetention} }

// UnmarshalYAML reads the hub over its defaults, so that a retention of 0 is not
// one that is missing.
func (h *Hub) UnmarshalYAML(n ast.Node) error {
	type bare Hub
	p := bare(defaultHub())
	if err := yaml.NodeToValue(n, &p, yaml.Strict()); err != nil {
		return err
	}
	*h = Hub(p)
	return nil
}
