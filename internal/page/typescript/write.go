package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
)

// write prints an interface for each shape. words are strings of which there are
// only a few, by the field that holds them.
func write(shapes []shape, words map[string]string) (string, error) {
	w := writer{names: map[reflect.Type]string{}, words: words, left: maps.Clone(words)}
	for _, s := range shapes {
		w.names[s.t] = s.name
	}
	out := "// Made by `go run ./internal/page/typescript` from the Go types, which say what each field means. Do not edit.\n"
	for _, s := range shapes {
		body, err := w.fields(s.name, s.t)
		if err != nil {
			return "", err
		}
		out += "\nexport interface " + s.name + " {\n" + body + "}\n"
	}
	if len(w.left) > 0 {
		return "", fmt.Errorf("there are no fields %v", slices.Sorted(maps.Keys(w.left)))
	}
	return out, nil
}

type writer struct {
	names map[reflect.Type]string
	words map[string]string
	left  map[string]string // words that no field has taken yet
}

// fields prints the fields of a struct; those of an embedded one are its own.
func (w *writer) fields(name string, t reflect.Type) (string, error) {
	out := ""
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && tag == "" {
			body, err := w.fields(w.names[f.Type], f.Type)
			if err != nil {
				return "", err
			}
			out += body
			continue
		}
		if !f.IsExported() || tag == "-" {
			continue
		}
		if tag == "" {
			return "", fmt.Errorf("%s.%s has no name in JSON", t, f.Name)
		}
		text, err := w.text(f.Type)
		if err != nil {
			return "", fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		if choice, ok := w.words[name+"."+tag]; ok {
			text = choice
			delete(w.left, name+"."+tag)
		}
		mark := ""
		if strings.Contains(options, "omitempty") {
			mark = "?"
			text = strings.TrimSuffix(text, " | null") // what would be null is left out
		}
		out += "  " + tag + mark + ": " + text + "\n"
	}
	return out, nil
}

// text is a type in TypeScript.
func (w *writer) text(t reflect.Type) (string, error) {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "string", nil
	case reflect.TypeFor[json.RawMessage]():
		return "unknown", nil
	case reflect.TypeFor[dashboard.Duration]():
		return "number", nil // seconds
	}
	switch t.Kind() {
	case reflect.String:
		return "string", nil
	case reflect.Bool:
		return "boolean", nil
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint64, reflect.Float32, reflect.Float64:
		return "number", nil
	case reflect.Interface:
		return "unknown", nil
	case reflect.Pointer:
		text, err := w.text(t.Elem())
		return text + " | null", err
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "string", nil // base64
		}
		text, err := w.text(t.Elem())
		if strings.Contains(text, " ") {
			text = "(" + text + ")"
		}
		return text + "[]", err
	case reflect.Map:
		text, err := w.text(t.Elem())
		return "Record<string, " + text + ">", err
	case reflect.Struct:
		if name, ok := w.names[t]; ok {
			return name, nil
		}
	}
	return "", fmt.Errorf("%s has no name in the table of shapes", t)
}
