package dashboard

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/nearest"
)

// conform holds a value against the shape that it is read into, so that a
// mistake has a place and plain words: names that are unknown, and values of
// another kind.
func conform(text []byte, v *tree, t reflect.Type, at path) []*mistake {
	switch t {
	case reflect.TypeFor[Text]():
		if v.kind == '"' {
			return nil
		}
		return conformMap(text, v, reflect.TypeFor[string](), at, `a text, or one for each language as {"en": "…", "ko": "…"},`)
	case reflect.TypeFor[Duration]():
		var d Duration
		if v.kind != '"' {
			return wants(v, at, `a duration such as "30s", "5m" or "24h"`)
		} else if err := json.Unmarshal(text[v.start:v.end], &d); err != nil {
			return []*mistake{{at: v.start, path: at, text: err.Error()}}
		}
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return conform(text, v, t.Elem(), at)
	case reflect.String:
		return kindOf(v, at, '"', "a text")
	case reflect.Bool:
		return kindOf(v, at, 't', "true or false")
	case reflect.Float64:
		return kindOf(v, at, '0', "a number")
	case reflect.Int:
		if v.kind == '0' && json.Unmarshal(text[v.start:v.end], new(int)) == nil {
			return nil
		}
		return wants(v, at, "a whole number")
	case reflect.Slice:
		return conformSlice(text, v, t.Elem(), at)
	case reflect.Map:
		return conformMap(text, v, t.Elem(), at, "an object { }")
	case reflect.Struct:
		return conformStruct(text, v, t, at)
	}
	return nil // anything
}

func conformSlice(text []byte, v *tree, of reflect.Type, at path) (wrong []*mistake) {
	if v.kind != '[' {
		return wants(v, at, "a list [ ]")
	}
	for i, item := range v.items {
		wrong = append(wrong, conform(text, item, of, at.to(i))...)
	}
	return wrong
}

func conformMap(text []byte, v *tree, of reflect.Type, at path, what string) (wrong []*mistake) {
	if v.kind != '{' {
		return wants(v, at, what)
	}
	for _, m := range v.members {
		wrong = append(wrong, conform(text, m.value, of, at.to(m.name))...)
	}
	return wrong
}

func conformStruct(text []byte, v *tree, t reflect.Type, at path) (wrong []*mistake) {
	if v.kind != '{' {
		return wants(v, at, "an object { }")
	}
	names := make([]string, t.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(t.Field(i).Tag.Get("json"), ",")
	}
	for _, m := range v.members {
		i := slices.Index(names, m.name)
		if i < 0 || m.name == "" {
			wrong = append(wrong, &mistake{at: m.at, path: at, text: unknown(m.name, names)})
			continue
		}
		wrong = append(wrong, conform(text, m.value, t.Field(i).Type, at.to(m.name))...)
	}
	return wrong
}

func kindOf(v *tree, at path, kind byte, what string) []*mistake {
	if v.kind == kind {
		return nil
	}
	return wants(v, at, what)
}

func wants(v *tree, at path, what string) []*mistake {
	is := map[byte]string{'{': "an object", '[': "a list", '"': "a text", '0': "a number", 't': "true or false", 'n': "null"}[v.kind]
	return []*mistake{{at: v.start, path: at, text: fmt.Sprintf("%s belongs here, not %s", strings.TrimSuffix(what, ","), is)}}
}

// unknown says that a name is none of those that there are.
func unknown(name string, names []string) string {
	known := slices.DeleteFunc(slices.Sorted(slices.Values(names)), func(s string) bool { return s == "" })
	if near := nearest.Name(name, known); near != "" {
		return fmt.Sprintf("%q is unknown here; did you mean %q?", name, near)
	}
	return fmt.Sprintf("%q is unknown here; known are %s", name, strings.Join(known, ", "))
}
