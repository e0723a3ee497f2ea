package gateway

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

const orderSchema = `{
	"$schema": "http://json-schema.org/draft-07/schema#",
	"type": "object", "required": ["id", "lines"], "additionalProperties": false,
	"properties": {"id": {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"}, "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/line"}}},
	"definitions": {"line": {"type": "object", "required": ["count"], "properties": {"count": {"type": "integer", "minimum": 1}}}, "loop": {"$ref": "#/definitions/loop"}}
}`

// TestSchemaParts holds values against a schema and the parts of it.
func TestSchemaParts(t *testing.T) {
	const open = `{"openapi": "3.0.1", "components": {"schemas": {"Pet": {"type": "object", "required": ["name"], "properties": {"owner": {"$ref": "#/components/schemas/Owner"}}}, "Owner": {"type": "string"}}}}`
	for name, c := range map[string]struct{ schema, ref, value, want string }{
		"fits":                   {orderSchema, "", `{"id": "AB1", "lines": [{"count": 2}]}`, ""},
		"is missing":             {orderSchema, "", `{"id": "AB1"}`, "missing property 'lines'"},
		"is too much":            {orderSchema, "", `{"id": "AB1", "lines": [{"count": 2}], "x": 1}`, "additional properties 'x' not allowed"},
		"is wrong deep below":    {orderSchema, "", `{"id": "AB1", "lines": [{"count": 2}, {"count": 0}]}`, "minimum: got 0, want 1 (at /lines/1/count)"},
		"does not look like it":  {orderSchema, "", `{"id": "ab", "lines": [{"count": 2}]}`, "does not match pattern"},
		"is no object":           {orderSchema, "", `3`, "got number, want object"},
		"a part":                 {orderSchema, "#/definitions/line", `{"count": 1}`, ""},
		"a part that is wrong":   {orderSchema, "#/definitions/line", `{"count": 1.5}`, "got number, want integer (at /count)"},
		"a part of OpenAPI":      {open, "#/components/schemas/Pet", `{"name": "a", "owner": 3}`, "got number, want string (at /owner)"},
		"no such part":           {orderSchema, "#/definitions/none", `{}`, "cannot be read"},
		"a part elsewhere":       {orderSchema, "https://example.org/x", `{}`, "begins with #/"},
		"an endless one":         {orderSchema, "#/definitions/loop", `{}`, "composed of itself"},
		"another document":       {`{"$ref": "https://example.org/schema"}`, "", `{}`, "none is fetched"},
		"a file":                 {`{"$ref": "file:///etc/hosts"}`, "", `{}`, "none is fetched"},
		"a type of no kind":      {`{"type": "strange"}`, "", `{}`, "cannot be read"},
		"a pattern that is none": {`{"pattern": "("}`, "", `{}`, "cannot be read"},
		"a text":                 {`"x"`, "", `{}`, "no JSON object"},
		"no JSON":                {`{`, "", `{}`, "no JSON"},
		"too long":               {`{"title": "` + strings.Repeat("x", maxSchema) + `"}`, "", `{}`, "at most 4194304 are taken"},
	} {
		s := newSchema(name, Schema{Document: json.RawMessage(c.schema)}, nil)
		check, err := s.part(c.ref, policy.AsSchema)
		if err == nil {
			var v any
			if err := json.Unmarshal([]byte(c.value), &v); err != nil {
				t.Fatal(err)
			}
			err = check(v)
			if err != nil && c.want == "" || err == nil && c.want != "" || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
		} else if c.want == "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestSchemasInUse: a policy and a fragment name a schema that is there, which then
// stays; another text of it is what they mean from then on.
func TestSchemasInUse(t *testing.T) {
	s := newLab(t).s
	ctx := context.Background()
	put := func(text string) error {
		_, err := s.Schemas().Put(ctx, "order", Schema{Document: json.RawMessage(text)})
		return err
	}
	named := func(ref string) string {
		return `<validate-content unspecified-content-type-action="ignore" max-size="1000" size-exceeded-action="ignore"><content validate-as="json" action="prevent" schema-id="Order" schema-ref="` + ref + `" /></validate-content>`
	}
	fragment := Policy{Text: "<fragment>" + named("#/definitions/line") + "</fragment>"}
	if _, err := s.Fragments().Put(ctx, "part", fragment); PolicyFault(err) == nil || !strings.Contains(err.Error(), "there is no schema Order") {
		t.Errorf("a fragment names no schema: %v", err)
	}
	if err := put(orderSchema); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Fragments().Put(ctx, "part", fragment); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Policies(Scope{}).Put(ctx, PolicyName, Policy{Text: "<policies><inbound>" + named("#/definitions/none") + "</inbound></policies>"}); PolicyFault(err) == nil {
		t.Errorf("a policy names a part that is not there: %v", err)
	}
	if err := s.Schemas().Delete(ctx, "order"); PolicyFault(err) == nil {
		t.Errorf("a schema in use went: %v", err)
	}
	if err := put(`{"type": "object"}`); PolicyFault(err) == nil {
		t.Errorf("a part in use went: %v", err)
	}
	if err := put(`[`); !fault.Is(err, fault.Invalid) && !strings.Contains(err.Error(), "JSON") {
		t.Errorf("what is no schema was taken: %v", err)
	}
	check := func(want bool) {
		t.Helper()
		ask, err := s.schema("ORDER", "#/definitions/line", policy.AsSchema)
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(map[string]any{"count": 1.0}) == nil; got != want {
			t.Errorf("it fits: %v, want %v", got, want)
		}
	}
	check(true)
	if err := put(`{"definitions": {"line": {"type": "string"}}}`); err != nil {
		t.Fatal(err)
	}
	check(false)
	if err := s.Fragments().Delete(ctx, "part"); err != nil {
		t.Fatal(err)
	}
	if err := s.Schemas().Delete(ctx, "order"); err != nil {
		t.Error(err)
	}
}
