package gateway

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

// TestTypesOfSchemas reads the types of documents, and refuses what has none that work.
func TestTypesOfSchemas(t *testing.T) {
	for name, c := range map[string]struct {
		read       func(json.RawMessage) (map[string]json.RawMessage, error)
		text, want string
	}{
		"components":            {ComponentTypes, `{"schemas": {"Pet": {"type": "object", "properties": {"owner": {"$ref": "#/components/schemas/Owner"}}}, "Owner": {"type": "string"}}}`, ""},
		"no schemas":            {ComponentTypes, `{}`, ""},
		"definitions":           {DefinitionTypes, `{"Pet": {"type": "object", "properties": {"owner": {"$ref": "#/definitions/Owner"}}}, "Owner": {"type": "string"}}`, ""},
		"a name that leads off": {ComponentTypes, `{"schemas": {"Pet": {"$ref": "#/components/schemas/Owner"}}}`, "cannot be read"},
		"another document":      {ComponentTypes, `{"schemas": {"Pet": {"$ref": "https://example.org/x"}}}`, "cannot be read"},
		"a file":                {DefinitionTypes, `{"Pet": {"$ref": "file:///etc/hosts"}}`, "cannot be read"},
		"a type of no kind":     {ComponentTypes, `{"schemas": {"Pet": {"type": "strange"}}}`, "type Pet does not work"},
		"a pattern of none":     {ComponentTypes, `{"schemas": {"Pet": {"type": "string", "pattern": "("}}}`, "type Pet does not work"},
		"nothing":               {ComponentTypes, `{"schemas": {"Pet": null}}`, "cannot be read"},
		"a list":                {ComponentTypes, `[]`, "cannot be read"},
		"too long":              {ComponentTypes, `{"schemas": {"Pet": {"title": "` + strings.Repeat("x", maxSchema) + `"}}}`, "at most 4194304 are taken"},
	} {
		_, err := c.read(json.RawMessage(c.text))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for text, want := range map[string]string{`{"type": "object"}`: "", `{"type": "strange"}`: "does not work", `3`: "no JSON object"} {
		if _, err := WholeSchema(json.RawMessage(text)); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestTypesOfOperations holds bodies and parameters against the types that an operation
// names, before and after a restart; what is named stays.
func TestTypesOfOperations(t *testing.T) {
	l := newLab(t)
	add(l, l.s.APIs(), "a", API{Path: "a", IsCurrent: true})
	types, err := ComponentTypes(json.RawMessage(`{"schemas": {"Pet": {"type": "object", "required": ["name"], "properties": {"owner": {"$ref": "#/components/schemas/Owner"}}}, "Owner": {"type": "string"}, "Count": {"type": "integer", "minimum": 3}}}`))
	if err != nil {
		t.Fatal(err)
	}
	add(l, l.s.APISchemas("a"), "Types", APISchema{Types: types})
	add(l, l.s.APISchemas("a"), "whole", APISchema{Whole: json.RawMessage(orderSchema)})
	of := func(schema, name string) TypeRef { return TypeRef{schema, name} }
	operation := Operation{
		Method: "POST", URLTemplate: "/pets",
		Parameters: []Parameter{{In: "query", Name: "n", TypeRef: of("types", "Count")}},
		Request: []Representation{
			{ContentType: "application/json", TypeRef: of("types", "Pet")},
			{ContentType: "application/order+json", TypeRef: of("whole", "")},
			{ContentType: "application/line+json", TypeRef: of("whole", "line")},
		},
	}
	add(l, l.s.Operations("a"), "post", operation)
	for what, wrong := range map[string]TypeRef{"no schema": of("none", "Pet"), "no type": of("types", "Cat"), "no part": of("whole", "none"), "no name": of("types", "")} {
		o := operation
		o.URLTemplate, o.Request = "/other", []Representation{{ContentType: "application/json", TypeRef: wrong}}
		if _, err := l.s.Operations("a").Put(context.Background(), "other", o); !fault.Is(err, fault.Invalid) {
			t.Errorf("an operation that names %s: %v", what, err)
		}
	}
	if err := l.s.APISchemas("a").Delete(context.Background(), "types"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a schema that is named went: %v", err)
	}
	check := func() {
		t.Helper()
		c := l.s.current.Load().apis[0].operations[0].info.Contract()
		for _, x := range []struct {
			at         int
			value      string
			name, want string
		}{
			{0, `{"name": "x", "owner": "y"}`, "Pet", ""},
			{0, `{"owner": "y"}`, "Pet", "name"},
			{0, `{"name": "x", "owner": 3}`, "Pet", "at /owner"},
			{1, `{"id": "AB1", "lines": [{"count": 2}]}`, "whole", ""},
			{1, `{"id": "AB1"}`, "whole", "missing property 'lines'"},
			{2, `{"count": 2}`, "line", ""},
			{2, `{"count": 0}`, "line", "at /count"},
		} {
			got := c.Request[x.at]
			var v any
			if err := json.Unmarshal([]byte(x.value), &v); err != nil {
				t.Fatal(err)
			}
			err := got.Check(v, false, policy.AsSchema)
			if got.Name != x.name || err != nil && x.want == "" || err == nil && x.want != "" || err != nil && !strings.Contains(err.Error(), x.want) {
				t.Errorf("%s of %s: %v, want %q", x.value, got.Name, err, x.want)
			}
		}
		for value, fits := range map[string]bool{"3": true, "2": false, "x": false} {
			if err := c.Parameters[0].Check(value); err == nil != fits {
				t.Errorf("n=%s: %v", value, err)
			}
		}
	}
	check()
	l.reopen()
	check()
	if err := l.s.Operations("a").Delete(context.Background(), "post"); err != nil {
		t.Error(err)
	}
	if err := l.s.APISchemas("a").Delete(context.Background(), "types"); err != nil {
		t.Error(err)
	}
}
