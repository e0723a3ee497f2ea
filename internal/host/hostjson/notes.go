package hostjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/host/jsonc"
	"github.com/lazuli-dev/lazuli/internal/nearest"
)

// Note is a key of host.json that has no effect, and why.
type Note struct {
	Key string // its whole path, as it is written
	At  string // FILE:LINE, or the setting that says it
	Why string
}

// Notes are the keys without effect, in the order of their paths: those that nobody
// knows, with the one that was meant where one is near, and those that mean nothing here.
// None of them is an error: the file serves hosts of every age.
func (c *Config) Notes() []Note {
	var out []Note
	c.note("", c.root, &out)
	return out
}

func (c *Config) note(at string, o map[string]any, out *[]Note) {
	for _, name := range sortedKeys(o) {
		path := at + name
		switch k, known := keys[strings.ToLower(path)]; {
		case known && k.why != "":
			c.add(out, path, k.why)
		case known && k.wild != "":
		case known || isSection(path):
			if inside, ok := o[name].(map[string]any); ok {
				c.note(path+".", inside, out)
			}
		default:
			c.add(out, path, unknown(at, name))
		}
	}
}

func (c *Config) add(out *[]Note, path, why string) {
	where := c.lines[strings.ToLower(path)]
	if where == "" {
		where = "the setting " + OverridePrefix + "__" + strings.ReplaceAll(path, ".", "__")
	}
	*out = append(*out, Note{path, where, why})
}

// isSection reports whether there are known keys below a path.
func isSection(path string) bool {
	below := strings.ToLower(path) + "."
	for p := range keys {
		if strings.HasPrefix(p, below) {
			return true
		}
	}
	return false
}

// unknown says that there is no such key, and which of those beside it was meant, or
// where a key of that name is.
func unknown(at, name string) string {
	var beside, elsewhere []string
	for _, lower := range slices.Sorted(maps.Keys(keys)) {
		path := keys[lower].path
		if len(path) > len(at) && strings.EqualFold(path[:len(at)], at) {
			step, _, _ := strings.Cut(path[len(at):], ".")
			beside = append(beside, step)
		}
		if strings.EqualFold(path[strings.LastIndexByte(path, '.')+1:], name) {
			elsewhere = append(elsewhere, path)
		}
	}
	if meant := nearest.Name(name, beside); meant != "" {
		return "there is no such key; did you mean " + meant + "?"
	}
	if len(elsewhere) > 0 {
		return "there is no such key; there is " + elsewhere[0]
	}
	return "there is no such key"
}

// linesOf finds where each key of a text is: FILE:LINE by path in lower case. The text
// is well formed.
func linesOf(file string, data []byte) map[string]string {
	clean := jsonc.Clean(data)
	d := json.NewDecoder(bytes.NewReader(clean))
	out := map[string]string{}
	var value func(path string) bool
	value = func(path string) bool {
		t, err := d.Token()
		open, nested := t.(json.Delim)
		if err != nil || !nested {
			return err == nil
		}
		for d.More() {
			inside := path
			if open == '{' {
				name, err := d.Token()
				if err != nil {
					return false
				}
				inside = strings.TrimPrefix(path+"."+strings.ToLower(fmt.Sprint(name)), ".")
				line, _ := jsonc.Position(clean, int(d.InputOffset())-1)
				out[inside] = fmt.Sprintf("%s:%d", file, line)
			}
			if !value(inside) {
				return false
			}
		}
		_, err = d.Token()
		return err == nil
	}
	value("")
	return out
}

// Same reports whether two files say the same, wherever in them it stands.
func (c *Config) Same(other *Config) bool {
	a, b := *c, *other
	a.lines, b.lines = nil, nil
	return reflect.DeepEqual(a, b)
}
