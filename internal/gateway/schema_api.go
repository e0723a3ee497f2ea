package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

// APISchema is a document of an API whose types its operations name. It has types, or
// is one JSON schema.
type APISchema struct {
	ContentType string          `json:"contentType,omitempty"`
	Given       json.RawMessage `json:"given,omitempty"` // for whoever shows it

	Types map[string]json.RawMessage `json:"types,omitempty"` // as OpenAPI 3 has them, by name
	Whole json.RawMessage            `json:"whole,omitempty"`
}

// TypeRef names a type of an APISchema, or without a name the whole of one.
type TypeRef struct {
	SchemaID string `json:"schemaId,omitempty"`
	TypeName string `json:"typeName,omitempty"`
}

// ComponentTypes are the types of the components of an OpenAPI 3 document.
func ComponentTypes(components json.RawMessage) (map[string]json.RawMessage, error) {
	return typesOf(map[string]any{"openapi": "3.0.3", "components": components})
}

// DefinitionTypes are the types of the definitions of an OpenAPI 2 document.
func DefinitionTypes(definitions json.RawMessage) (map[string]json.RawMessage, error) {
	return typesOf(map[string]any{"swagger": "2.0", "definitions": definitions})
}

func typesOf(doc map[string]any) (out map[string]json.RawMessage, err error) {
	bad := func(err error) error { return fault.Wrap(fault.Invalid, "schema", err, "it cannot be read") }
	defer func() { // the library trusts documents more than they deserve
		if r := recover(); r != nil {
			err = bad(fmt.Errorf("%v", r))
		}
	}()
	doc["info"], doc["paths"] = map[string]any{"title": "t", "version": "1"}, map[string]any{}
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, bad(err)
	}
	if len(text) > maxSchema {
		return nil, fault.New(fault.TooLarge, "schema", "it has %d bytes; at most %d are taken", len(text), maxSchema)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, bad(err)
	}
	read, err := readDocument(text)
	if err != nil {
		return nil, bad(err)
	}
	out = map[string]json.RawMessage{}
	if read.Components == nil {
		return out, nil
	}
	place := "#/components/schemas/"
	if doc["swagger"] != nil {
		place = "#/definitions/"
	}
	names := slices.Sorted(maps.Keys(read.Components.Schemas))
	var places []string
	for _, name := range names {
		places = append(places, place+escaped(name))
	}
	if err := bounded(v, places...); err != nil {
		return nil, bad(err)
	}
	ctx := openapi3.WithValidationOptions(context.Background(), openapi3.DisableExamplesValidation())
	for _, name := range names {
		ref := read.Components.Schemas[name]
		if ref == nil || ref.Value == nil {
			return nil, fault.New(fault.Invalid, "schema", "its type %s is none", name)
		}
		if err := ref.Value.Validate(ctx); err != nil {
			return nil, fault.Wrap(fault.Invalid, "schema", err, "its type %s does not work", name)
		}
		if out[name], err = json.Marshal(ref); err != nil {
			return nil, bad(err)
		}
	}
	return out, nil
}

// WholeSchema is a text as one JSON schema.
func WholeSchema(text json.RawMessage) (json.RawMessage, error) {
	_, err := newSchema("", Schema{Document: text}, nil).part("", policy.AsSchema)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "schema", err, "it does not work")
	}
	return text, nil
}

// part is where a JSON schema has a type.
func (r TypeRef) part() string {
	if r.TypeName == "" {
		return ""
	}
	return "#/definitions/" + escaped(r.TypeName)
}

// escaped is a name as a step of a reference.
func escaped(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// has is nil, or why nothing can be held against a type.
func (a APISchema) has(r TypeRef) error {
	if a.Whole != nil {
		_, err := newSchema(r.SchemaID, Schema{Document: a.Whole}, nil).part(r.part(), policy.AsSchema)
		return err
	}
	if _, ok := a.Types[r.TypeName]; !ok {
		return fmt.Errorf("the schema %s has no type %q", r.SchemaID, r.TypeName)
	}
	return nil
}

// schemasOf checks the types that an operation names, and is the schemas with them.
func (b *builder) schemasOf(api string, a *apiModel, o string, def Operation) (schemas, error) {
	s := schemas{api: a.def.Schemas, named: map[string]APISchema{}}
	for _, r := range def.refs() {
		found, ok := b.m.records[api+"/schemas/"+strings.ToLower(r.SchemaID)].value.(APISchema)
		if !ok {
			return s, fault.New(fault.Invalid, "operation "+o, "there is no schema %s in the API %s", r.SchemaID, a.info.ID)
		}
		if err := found.has(r); err != nil {
			return s, fault.Wrap(fault.Invalid, "operation "+o, err, "it names a type that is not there")
		}
		s.named[strings.ToLower(r.SchemaID)] = found
	}
	return s, nil
}

// refs are the types that an operation names.
func (o Operation) refs() (all []TypeRef) {
	parameters := func(list []Parameter) {
		for _, p := range list {
			all = append(all, p.TypeRef)
		}
	}
	bodies := func(list []Representation) {
		for _, r := range list {
			all = append(all, r.TypeRef)
		}
	}
	parameters(o.Parameters)
	bodies(o.Request)
	for _, r := range o.Responses {
		parameters(r.Headers)
		bodies(r.Representations)
	}
	return slices.DeleteFunc(all, func(r TypeRef) bool { return r.SchemaID == "" })
}
