package gateway

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

// TestBeside holds values against schemas that say of other properties what they say,
// that take any, and that take none; as JSON schemas and as types of OpenAPI.
func TestBeside(t *testing.T) {
	const definitions = `{
		"Pet": {"type": "object", "properties": {"name": {"type": "string"}, "owner": {"$ref": "#/definitions/Owner"}}},
		"Strict": {"type": "object", "additionalProperties": false, "properties": {"name": {}, "inner": {"type": "object", "additionalProperties": false}}},
		"Owner": {"properties": {"id": {"type": "integer"}}},
		"Dog": {"allOf": [{"$ref": "#/definitions/Pet"}, {"properties": {"bark": {"type": "boolean"}}}], "required": ["bark"]},
		"Puppy": {"allOf": [{"$ref": "#/definitions/Dog"}], "properties": {"age": {"type": "integer"}}},
		"Either": {"oneOf": [{"required": ["a"], "properties": {"a": {}}}, {"required": ["b"], "properties": {"b": {}}}]},
		"Map": {"type": "object", "additionalProperties": {"type": "integer"}},
		"List": {"type": "array", "items": {"$ref": "#/definitions/Owner"}},
		"Loop": {"properties": {"next": {"$ref": "#/definitions/Loop"}}, "allOf": [{"$ref": "#/definitions/Self"}]},
		"Self": {"properties": {"self": {"$ref": "#/definitions/Loop"}}},
		"Named": {"properties": {"properties": {"type": "object", "properties": {"additionalProperties": {"type": "integer"}}}}},
		"Text": {"type": "string"}
	}`
	components := `{"schemas": ` + strings.ReplaceAll(definitions, "#/definitions/", "#/components/schemas/") + `}`
	types, err := ComponentTypes(json.RawMessage(components))
	if err != nil {
		t.Fatal(err)
	}
	document := newSchema("s", Schema{Document: json.RawMessage(`{"definitions": ` + definitions + `}`)}, nil)
	s := schemas{named: map[string]APISchema{"types": {Types: types}}}
	for _, c := range []struct {
		typ, value string
		fits       string // by what: the schema, Allowed, Refused
	}{
		{"Pet", `{"name": "a"}`, "yyy"},
		{"Pet", `{"name": "a", "x": 1}`, "yyn"},
		{"Pet", `{"name": 3}`, "nnn"},
		{"Pet", `{"name": "a", "owner": {"id": 1, "x": 1}}`, "yyn"},
		{"Strict", `{"name": "a", "x": 1}`, "nyn"},
		{"Strict", `{"inner": {"x": 1}}`, "nyn"},
		{"Strict", `{"inner": {}}`, "yyy"},
		{"Dog", `{"name": "a", "bark": true}`, "yyy"},
		{"Dog", `{"name": "a", "bark": true, "x": 1}`, "yyn"},
		{"Dog", `{"name": "a"}`, "nnn"},
		{"Puppy", `{"name": "a", "bark": true, "age": 1}`, "yyy"},
		{"Puppy", `{"bark": true, "x": 1}`, "yyn"},
		{"Puppy", `{"bark": true, "owner": {"x": 1}}`, "yyn"},
		{"Either", `{"a": 1}`, "yyy"},
		{"Either", `{"b": 1, "x": 1}`, "yyn"},
		{"Map", `{"x": 1}`, "yyn"},
		{"Map", `{"x": "a"}`, "nyn"},
		{"Map", `{}`, "yyy"},
		{"List", `[{"id": 1}, {"id": 2}]`, "yyy"},
		{"List", `[{"id": 1, "x": 2}]`, "yyn"},
		{"Loop", `{"next": {"self": {"next": {}}}}`, "yyy"},
		{"Loop", `{"next": {"self": {"x": {}}}}`, "yyn"},
		{"Named", `{"properties": {"additionalProperties": 1}}`, "yyy"},
		{"Named", `{"properties": {"additionalProperties": "a"}}`, "nnn"},
		{"Named", `{"properties": {"x": 1}}`, "yyn"},
		{"Text", `"a"`, "yyy"},
	} {
		var v any
		if err := json.Unmarshal([]byte(c.value), &v); err != nil {
			t.Fatal(err)
		}
		body := s.body(Representation{TypeRef: TypeRef{"types", c.typ}})
		for _, more := range []policy.Beside{policy.AsSchema, policy.Allowed, policy.Refused} {
			want := c.fits[more] == 'y'
			if err := body(v, false, more); (err == nil) != want {
				t.Errorf("OpenAPI's %s, %d: %s: %v, want %v", c.typ, more, c.value, err, want)
			}
			check, err := document.part("#/definitions/"+c.typ, more)
			if err != nil {
				t.Fatal(err)
			}
			if err := check(v); (err == nil) != want {
				t.Errorf("JSON schema %s, %d: %s: %v, want %v", c.typ, more, c.value, err, want)
			}
		}
	}
	odd := newSchema("s", Schema{Document: json.RawMessage(`{"properties": {"a": {"type": "object"}}, "allOf": [{"$ref": "#/properties/a"}]}`)}, nil)
	if _, err := odd.part("", policy.Refused); err == nil || !strings.Contains(err.Error(), `names "#/properties/a"`) {
		t.Errorf("a composition of what is no definition: %v", err)
	}
	if _, err := odd.part("", policy.Allowed); err != nil {
		t.Error(err)
	}
}

// TestBounded: a schema that is composed of itself, or of too many others, is refused;
// one that names itself in a property is not.
func TestBounded(t *testing.T) {
	var many strings.Builder
	many.WriteString(`{"D40": {"type": "object"}`)
	for n := range 40 {
		fmt.Fprintf(&many, `, "D%d": {"allOf": [{"$ref": "PLACED%d"}, {"$ref": "PLACED%d"}]}`, n, n+1, n+1)
	}
	for name, c := range map[string]struct{ types, of, want string }{
		"itself":     {`{"A": {"allOf": [{"$ref": "PLACEA"}]}}`, "A", "itself"},
		"each other": {`{"A": {"anyOf": [{"$ref": "PLACEB"}]}, "B": {"oneOf": [{"type": "string"}, {"$ref": "PLACEA"}]}}`, "A", "itself"},
		"inside":     {`{"A": {"properties": {"a": {"$ref": "PLACEB"}}}, "B": {"allOf": [{"$ref": "PLACEB"}]}}`, "A", "itself"},
		"too many":   {many.String() + "}", "D0", "more than 10000"},
		"a tree":     {`{"A": {"properties": {"a": {"$ref": "PLACEA"}, "all": {"type": "array", "items": {"$ref": "PLACEA"}}}}}`, "A", ""},
	} {
		for _, more := range []policy.Beside{policy.AsSchema, policy.Allowed, policy.Refused} {
			types, err := ComponentTypes(json.RawMessage(`{"schemas": ` + strings.ReplaceAll(c.types, "PLACE", "#/components/schemas/") + `}`))
			if err == nil {
				s := schemas{named: map[string]APISchema{"t": {Types: types}}}
				err = s.body(Representation{TypeRef: TypeRef{"t", c.of}})(map[string]any{"a": map[string]any{}}, false, more)
			}
			if err == nil && c.want != "" || err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s, %d, OpenAPI: %v, want %q", name, more, err, c.want)
			}
			document := newSchema("s", Schema{Document: json.RawMessage(`{"definitions": ` + strings.ReplaceAll(c.types, "PLACE", "#/definitions/") + `}`)}, nil)
			if _, err := document.part("#/definitions/"+c.of, more); err == nil && c.want != "" || err != nil && c.want == "" {
				t.Errorf("%s, %d, JSON schema: %v, want %q", name, more, err, c.want)
			}
		}
	}
}
