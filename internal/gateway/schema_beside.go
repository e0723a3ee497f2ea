package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

// beside rewrites a document of JSON schemas so that objects may have any other
// properties beside those that a schema names, or none. Composed schemas (allOf, anyOf,
// oneOf, then, else) name properties together: what one of them names is no other one.
// For that, definitions are there twice when none may be: under their names they refuse
// others, and under openName, where they are part of a composition, they do not.
func beside(document any, more policy.Beside) (any, error) {
	root, is := document.(map[string]any)
	if !is || more == policy.AsSchema {
		return document, nil
	}
	b := besides{root: root, refuse: more == policy.Refused}
	out := b.schema(root, true)
	if components, is := root["components"].(map[string]any); is {
		next := maps.Clone(components)
		next["schemas"] = b.definitions(components["schemas"])
		if o, is := out.(map[string]any); is {
			o["components"] = next
		}
	}
	return out, b.err
}

// besideText is beside of a document as text.
func besideText(document []byte, more policy.Beside) ([]byte, error) {
	if more == policy.AsSchema {
		return document, nil
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document)) // numbers stay as they are written
	if err != nil {
		return nil, err
	}
	if v, err = beside(v, more); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

type besides struct {
	root   map[string]any
	refuse bool
	err    error // the first
}

// openName is a definition as part of a composition.
const openName = "lazuli.open."

// places are where definitions stand.
var places = []string{"#/definitions/", "#/$defs/", "#/components/schemas/"}

func (b *besides) definitions(v any) any {
	all, is := v.(map[string]any)
	if !is {
		return v
	}
	out := make(map[string]any, len(all))
	for name, s := range all {
		out[name] = b.schema(s, true)
		if b.refuse {
			out[openName+name] = b.schema(s, false)
		}
	}
	return out
}

// schema is a schema as it shall be; whole says that it is no part of a composition.
func (b *besides) schema(v any, whole bool) any {
	s, is := v.(map[string]any)
	if !is {
		return v
	}
	out := maps.Clone(s)
	for keyword, v := range s {
		switch keyword {
		case "definitions", "$defs":
			out[keyword] = b.definitions(v)
		case "properties", "patternProperties":
			out[keyword] = b.each(v, true)
		case "dependentSchemas":
			out[keyword] = b.each(v, false)
		case "items", "additionalItems", "prefixItems", "contains", "additionalProperties":
			out[keyword] = b.either(v, true)
		case "allOf", "anyOf", "oneOf", "then", "else", "not", "if":
			out[keyword] = b.either(v, false)
		case "$ref":
			if b.refuse && !whole {
				out[keyword] = b.open(v)
			}
		}
	}
	switch {
	case !b.refuse:
		delete(out, "additionalProperties")
		delete(out, "unevaluatedProperties")
	case whole && s["$ref"] == nil:
		b.close(s, out)
	}
	return out
}

// each rewrites the schemas of an object, either that or those of a list.
func (b *besides) each(v any, whole bool) any {
	all, is := v.(map[string]any)
	if !is {
		return v
	}
	out := make(map[string]any, len(all))
	for name, s := range all {
		out[name] = b.schema(s, whole)
	}
	return out
}

func (b *besides) either(v any, whole bool) any {
	list, is := v.([]any)
	if !is {
		return b.schema(v, whole)
	}
	out := make([]any, len(list))
	for n, s := range list {
		out[n] = b.schema(s, whole)
	}
	return out
}

// open is a reference to a definition as part of a composition.
func (b *besides) open(v any) any {
	ref, _ := v.(string)
	for _, place := range places {
		if name, is := strings.CutPrefix(ref, place); is && !strings.Contains(name, "/") {
			return place + openName + name
		}
	}
	if b.err == nil {
		b.err = fmt.Errorf("additional properties cannot be refused here: a composed schema names %q, which is no definition", ref)
	}
	return v
}

// close has a schema of objects refuse what neither it nor what it is composed of names.
func (b *besides) close(s, out map[string]any) {
	known, patterns := map[string]any{}, map[string]any{}
	if !b.named(s, known, patterns, map[string]bool{}) {
		return
	}
	for keyword, all := range map[string]map[string]any{"properties": known, "patternProperties": patterns} {
		own, _ := out[keyword].(map[string]any)
		for name := range all {
			if _, there := own[name]; !there {
				if own == nil {
					own = map[string]any{}
				}
				own[name] = map[string]any{}
			}
		}
		if own != nil {
			out[keyword] = own
		}
	}
	out["additionalProperties"] = false
	delete(out, "unevaluatedProperties")
}

// named collects the properties that a schema and what it is composed of name, and
// reports whether it is one of objects. seen are the references that were followed.
func (b *besides) named(v any, known, patterns map[string]any, seen map[string]bool) (object bool) {
	s, is := v.(map[string]any)
	if !is {
		return false
	}
	if ref, is := s["$ref"].(string); is {
		if seen[ref] {
			return false
		}
		seen[ref] = true
		return b.named(pointed(b.root, ref), known, patterns, seen)
	}
	switch typ := s["type"].(type) {
	case string:
		object = typ == "object"
	case []any:
		object = slices.Contains(typ, any("object"))
	}
	for keyword, into := range map[string]map[string]any{"properties": known, "patternProperties": patterns} {
		all, is := s[keyword].(map[string]any)
		object = object || is
		maps.Copy(into, all)
	}
	for _, keyword := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := s[keyword].([]any)
		for _, part := range list {
			object = b.named(part, known, patterns, seen) || object
		}
	}
	for _, keyword := range []string{"then", "else"} {
		object = b.named(s[keyword], known, patterns, seen) || object
	}
	return object
}
