package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

// Schema is a JSON schema that validate-content holds bodies against. It may be a
// document with schemas in it, of which policies name one.
type Schema struct {
	Description string          `json:"description,omitempty"`
	Document    json.RawMessage `json:"document"`
}

// maxSchema bounds a schema. https://learn.microsoft.com/azure/api-management/validate-content-policy
const maxSchema = 4 << 20

// schemaModel is a schema as it runs: its parts by the reference that names them, each
// read when the first policy names it.
type schemaModel struct {
	sum      [sha256.Size]byte // of its text
	document any
	err      error      // why it is none
	mu       sync.Mutex // guards parts
	parts    map[schemaPlace]schemaPart
}

// schemaPlace is a part of a schema, and how it is held against.
type schemaPlace struct {
	ref  string
	more policy.Beside
}

type schemaPart struct {
	check func(v any) error
	err   error
}

// newSchema is before where that is the same.
func newSchema(name string, def Schema, before *schemaModel) *schemaModel {
	s := &schemaModel{sum: sha256.Sum256(def.Document), parts: map[schemaPlace]schemaPart{}}
	if before != nil && before.sum == s.sum {
		return before
	}
	if len(def.Document) > maxSchema {
		s.err = fault.New(fault.TooLarge, "schema "+name, "it has %d bytes; at most %d are taken", len(def.Document), maxSchema)
		return s
	}
	if s.document, s.err = jsonschema.UnmarshalJSON(bytes.NewReader(def.Document)); s.err != nil {
		s.err = fault.Wrap(fault.Invalid, "schema "+name, s.err, "it is no JSON")
	} else if _, object := s.document.(map[string]any); !object {
		s.err = fault.New(fault.Invalid, "schema "+name, "it is no JSON object")
	}
	return s
}

// part is what a reference (#/definitions/NAME; "" is the whole) asks of a value.
func (s *schemaModel) part(ref string, more policy.Beside) (check func(v any) error, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	place := schemaPlace{ref, more}
	p, known := s.parts[place]
	if !known {
		p.check, p.err = s.read(ref, more)
		s.parts[place] = p
	}
	return p.check, p.err
}

// nowhere is where other documents would come from.
type nowhere struct{}

// Load implements jsonschema.URLLoader.
func (nowhere) Load(string) (any, error) {
	return nil, errors.New("it names another document, and none is fetched")
}

func (s *schemaModel) read(ref string, more policy.Beside) (check func(v any) error, err error) {
	if ref != "" && !strings.HasPrefix(ref, "#/") {
		return nil, errors.New("a reference begins with #/")
	}
	defer func() { // the library trusts documents more than they deserve
		if r := recover(); r != nil {
			err = fmt.Errorf("the schema cannot be read: %v", r)
		}
	}()
	document, err := beside(s.document, more)
	if err != nil {
		return nil, err
	}
	const at = "lazuli:///schema"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.UseLoader(nowhere{})
	if err := c.AddResource(at, document); err != nil {
		return nil, fmt.Errorf("the schema cannot be read: %w", err)
	}
	schema, err := c.Compile(at + ref)
	if err != nil {
		return nil, fmt.Errorf("the schema cannot be read: %s", strings.ReplaceAll(err.Error(), at, "schema"))
	}
	if err := bounded(document, "#"+strings.TrimPrefix(ref, "#")); err != nil {
		return nil, err
	}
	return func(v any) error { return visit(func() error { return brief(schema.Validate(v)) }) }, nil
}

// brief is the first thing that does not hold: what, and where.
func brief(err error) error {
	var at *jsonschema.ValidationError
	if !errors.As(err, &at) {
		return err
	}
	for len(at.Causes) > 0 {
		at = at.Causes[0]
	}
	said := at.BasicOutput()
	if said.Error == nil {
		return errors.New("it does not hold")
	}
	if said.InstanceLocation == "" {
		return errors.New(said.Error.String())
	}
	return fmt.Errorf("%s (at %s)", said.Error, said.InstanceLocation)
}

// schema implements policy.World.Schema.
func (s *Service) schema(id, ref string, more policy.Beside) (check func(v any) error, err error) {
	return s.current.Load().schemaPart(id, ref, more)
}

func (m *model) schemaPart(id, ref string, more policy.Beside) (check func(v any) error, err error) {
	known := m.schemas[strings.ToLower(id)]
	if known == nil {
		return nil, fmt.Errorf("there is no schema %s", id)
	}
	return known.part(ref, more)
}
