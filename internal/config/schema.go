package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/lazuli-dev/lazuli/internal/nearest"
)

// check holds a node against the type that it is read into: keys that there are,
// mappings and lists where they belong. It returns the first fault, with its place.
// Types that read themselves are left to do so.
func check(n ast.Node, typ reflect.Type, path string) error {
	return schema{}.check(n, typ, path)
}

// schema is the keys of the types met, found once: a project may name hundreds of
// containers, and its file is read at each start.
type schema map[reflect.Type]map[string]reflect.Type

func (s schema) check(n ast.Node, typ reflect.Type, path string) error {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch value := n.(type) {
	case *ast.AnchorNode:
		return s.check(value.Value, typ, path)
	case nil, *ast.NullNode, *ast.AliasNode, *ast.CommentGroupNode:
		return nil
	}
	self, reads := reflect.New(typ).Interface(), false
	switch self.(type) {
	case *Hub: // reads itself over its defaults, and is a mapping all the same
	case yaml.NodeUnmarshaler, yaml.InterfaceUnmarshaler:
		reads = true
	}
	switch {
	case reads:
		return nil
	case typ.Kind() == reflect.Struct:
		return s.fields(n, typ, path)
	case typ.Kind() == reflect.Map && typ.Elem().Kind() != reflect.Interface:
		return eachValue(n, path, func(key string, value ast.Node) error { return s.check(value, typ.Elem(), below(path, key)) })
	case typ.Kind() == reflect.Slice:
		return s.list(n, typ.Elem(), path)
	case typ.Kind() == reflect.Bool:
		if _, ok := n.(*ast.BoolNode); !ok {
			return fault(n, path, "must be true or false")
		}
	case typ.Kind() == reflect.String:
		if _, ok := n.(ast.ScalarNode); !ok {
			return fault(n, path, "must be a text; it is %s", kindOf(n))
		}
	}
	return nil
}

// known is the keys of a struct and what each is read into.
func (s schema) known(typ reflect.Type) map[string]reflect.Type {
	if known, ok := s[typ]; ok {
		return known
	}
	known := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(typ) { // those of inline structs too
		if name := f.Tag.Get("yaml"); name != "-" && name != ",inline" && f.IsExported() {
			known[name] = f.Type
		}
	}
	s[typ] = known
	return known
}

func (s schema) fields(n ast.Node, typ reflect.Type, path string) error {
	known := s.known(typ)
	return eachValue(n, path, func(key string, value ast.Node) error {
		field, ok := known[key]
		if !ok {
			return &unknownKey{below(path, key), meant(key, known)}
		}
		return s.check(value, field, below(path, key))
	})
}

func (s schema) list(n ast.Node, elem reflect.Type, path string) error {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		return fault(n, path, "must be a list, as in [a, b]; it is %s", kindOf(n))
	}
	for i, value := range list.Values {
		if err := s.check(value, elem, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

// eachValue calls f with the keys and values of a mapping, until one is faulty.
func eachValue(n ast.Node, path string, f func(key string, value ast.Node) error) error {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		return fault(n, path, "must hold keys, as in key: value; it is %s", kindOf(n))
	}
	for _, v := range values {
		if _, merge := v.Key.(*ast.MergeKeyNode); merge {
			continue
		}
		err := f(scalar(v.Key), v.Value)
		if unknown, ok := err.(*unknownKey); ok { //nolint:errorlint // it is made one line above its use
			return fault(v.Key, unknown.path, "there is no such key%s", unknown.hint)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unknownKey is a key that nothing reads.
type unknownKey struct{ path, hint string }

func (e *unknownKey) Error() string { return e.path + ": there is no such key" + e.hint }

func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys and values"
	}
	return strconv.Quote(scalar(n))
}

func below(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// fault is a fault of a node: the path in words, its line with a caret.
func fault(n ast.Node, path, format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	if path != "" {
		message = path + ": " + message
	}
	return &yaml.SyntaxError{Message: message, Token: n.GetToken()}
}

// meant is the known key that a misspelt one was meant to be, or all of them,
// as the end of a sentence.
func meant(key string, known map[string]reflect.Type) string {
	all := slices.Sorted(maps.Keys(known))
	if best := nearest.Name(key, all); best != "" {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	return "; there are " + strings.Join(all, ", ")
}
