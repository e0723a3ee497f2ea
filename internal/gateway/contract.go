package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

// contract is what an operation says of its messages, read when the first call asks.
// Schemas may name those of the API, as #/components/schemas/NAME.
func contract(api json.RawMessage, def Operation) func() *policy.Contract {
	return sync.OnceValue(func() *policy.Contract {
		s := schemas{api: api}
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
type schemas struct{ api json.RawMessage }

// read resolves what a schema names.
func (s schemas) read(text json.RawMessage) (out *openapi3.Schema, err error) {
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
	loader := openapi3.NewLoader()
	loader.IsExternalRefsAllowed = false
	t, err := loader.LoadFromData(doc)
	if err != nil {
		return nil, fmt.Errorf("the schema cannot be read: %w", err)
	}
	return t.Components.Schemas[own].Value, nil
}

func (s schemas) parameters(all []Parameter) (out []policy.Parameter) {
	for _, p := range all {
		one := policy.Parameter{In: p.In, Name: p.Name, Required: p.Required}
		if p.Schema != nil {
			schema, err := s.read(p.Schema)
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
		one := policy.Content{Type: r.ContentType, Name: r.SchemaName}
		if r.Schema != nil {
			schema, err := s.read(r.Schema)
			one.Check = func(v any, response bool) error {
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
		out = append(out, one)
	}
	return out
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
