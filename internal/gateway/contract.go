package gateway

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

// contract is what an operation says of its messages, read when the first call asks.
// Schemas may name those of the API, as #/components/schemas/NAME.
func contract(s schemas, def Operation) func() *policy.Contract {
	return sync.OnceValue(func() *policy.Contract {
		out := &policy.Contract{Parameters: s.parameters(def.Parameters), Request: s.contents(def.Request)}
		for _, r := range def.Responses {
			out.Responses = append(out.Responses, policy.ResponseContract{Status: r.StatusCode, Headers: s.parameters(r.Headers), Content: s.contents(r.Representations)})
		}
		if def.AnyStatus {
			out.Responses = append(out.Responses, policy.ResponseContract{})
		}
		return out
	})
}

// schemas reads schemas of an API.
type schemas struct {
	api   json.RawMessage
	named map[string]APISchema // that operations name, by id in lower case
}

// read resolves what a schema names.
func (s schemas) read(text json.RawMessage, more policy.Beside) (out *openapi3.Schema, err error) {
	defer func() { // the library trusts documents more than they deserve
		if r := recover(); r != nil {
			err = fmt.Errorf("the schema cannot be read: %v", r)
		}
	}()
	all := map[string]json.RawMessage{}
	if s.api != nil {
		if err := json.Unmarshal(s.api, &all); err != nil {
			return nil, err
		}
	}
	const own = "lazuli.own"
	all[own] = text
	doc, err := json.Marshal(map[string]any{
		"openapi": "3.0.3", "info": map[string]any{"title": "t", "version": "1"}, "paths": map[string]any{}, "components": map[string]any{"schemas": all},
	})
	if err != nil {
		return nil, err
	}
	if doc, err = besideText(doc, more); err != nil {
		return nil, err
	}
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = false
	t, err := loader.LoadFromData(doc)
	if err != nil {
		return nil, fmt.Errorf("the schema cannot be read: %w", err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return nil, err
	}
	return t.Components.Schemas[own].Value, bounded(v, "#/components/schemas/"+own)
}

// of is a schema of an operation's own, or the type that it names.
func (s schemas) of(own json.RawMessage, r TypeRef, more policy.Beside) (*openapi3.Schema, error) {
	if r.SchemaID == "" {
		return s.read(own, more)
	}
	named := s.named[strings.ToLower(r.SchemaID)]
	all, err := json.Marshal(named.Types)
	if err != nil {
		return nil, err
	}
	return schemas{api: all}.read(named.Types[r.TypeName], more)
}

// whole is what a JSON schema that is named asks of values; nil: none is named.
func (s schemas) whole(r TypeRef) func(v any, response bool, more policy.Beside) error {
	named := s.named[strings.ToLower(r.SchemaID)]
	if r.SchemaID == "" || named.Whole == nil {
		return nil
	}
	schema := newSchema(r.SchemaID, Schema{Document: named.Whole}, nil)
	return func(v any, _ bool, more policy.Beside) error {
		check, err := schema.part(r.part(), more)
		if err != nil {
			return err
		}
		return check(v)
	}
}

func (s schemas) parameters(all []Parameter) (out []policy.Parameter) {
	for _, p := range all {
		one := policy.Parameter{In: p.In, Name: p.Name, Required: p.Required}
		if whole := s.whole(p.TypeRef); whole != nil {
			one.Check = func(text string) error { return whole(text, false, policy.AsSchema) }
		} else if p.Schema != nil || p.SchemaID != "" {
			schema, err := s.of(p.Schema, p.TypeRef, policy.AsSchema)
			one.Check = func(text string) error {
				if err != nil {
					return err
				}
				return visit(func() error { return schema.VisitJSON(typed(text, schema)) })
			}
		}
		out = append(out, one)
	}
	return out
}

func (s schemas) contents(all []Representation) (out []policy.Content) {
	for _, r := range all {
		one := policy.Content{Type: r.ContentType, Name: cmp.Or(r.SchemaName, r.TypeName, r.SchemaID)}
		if one.Check = s.whole(r.TypeRef); one.Check == nil && (r.Schema != nil || r.SchemaID != "") {
			one.Check = s.body(r)
		}
		out = append(out, one)
	}
	return out
}

// body is what the schema of a representation asks of values, read when a policy wants
// to know.
func (s schemas) body(r Representation) func(v any, response bool, more policy.Beside) error {
	var read [policy.Refused + 1]func() (*openapi3.Schema, error)
	for more := range read {
		read[more] = sync.OnceValues(func() (*openapi3.Schema, error) { return s.of(r.Schema, r.TypeRef, policy.Beside(more)) })
	}
	return func(v any, response bool, more policy.Beside) error {
		schema, err := read[more]()
		if err != nil {
			return err
		}
		side := openapi3.VisitAsRequest()
		if response {
			side = openapi3.VisitAsResponse()
		}
		return visit(func() error { return schema.VisitJSON(v, side) })
	}
}

// visit makes what does not hold short: where, and why.
func visit(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the schema does not work: %v", r)
		}
	}()
	err = do()
	var at *openapi3.SchemaError
	if !errors.As(err, &at) {
		return err
	}
	if pointer := at.JSONPointer(); len(pointer) > 0 {
		return fmt.Errorf("%s (at /%s)", at.Reason, strings.Join(pointer, "/"))
	}
	return errors.New(at.Reason)
}

// typed is a parameter's text as its schema's type; as a text where it is none.
func typed(text string, s *openapi3.Schema) any {
	switch {
	case s.Type.Is("integer"), s.Type.Is("number"):
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
	case s.Type.Is("boolean"):
		if text == "true" || text == "false" {
			return text == "true"
		}
	case s.Type.Is("array"):
		all := []any{}
		for part := range strings.SplitSeq(text, ",") {
			if s.Items != nil && s.Items.Value != nil {
				all = append(all, typed(part, s.Items.Value))
			} else {
				all = append(all, part)
			}
		}
		return all
	}
	return text
}
