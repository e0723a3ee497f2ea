package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/goccy/go-yaml"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// maxImport bounds an OpenAPI document.
const maxImport = 4 << 20

// Imported is what a document says of an API.
type Imported struct {
	Title, Description, ServiceURL string
	Schemas                        json.RawMessage
	Operations                     []Named[Operation]
}

// ReadOpenAPI reads an OpenAPI document, of version 2 or 3, JSON or YAML. It follows no
// reference out of the document.
func ReadOpenAPI(text []byte) (out Imported, err error) {
	bad := func(err error) (Imported, error) {
		return Imported{}, fault.Wrap(fault.Invalid, "OpenAPI document", err, "it cannot be read")
	}
	if len(text) > maxImport {
		return Imported{}, fault.New(fault.Invalid, "OpenAPI document", "it has %d bytes; at most %d are taken", len(text), maxImport)
	}
	defer func() { // the library trusts documents more than they deserve
		if r := recover(); r != nil {
			out, err = bad(fmt.Errorf("%v", r))
		}
	}()
	if !json.Valid(text) {
		if text, err = yaml.YAMLToJSON(text); err != nil {
			return bad(err)
		}
	}
	doc, err := readDocument(text)
	if err != nil {
		return bad(err)
	}
	return imported(doc)
}

func readDocument(text []byte) (*openapi3.T, error) {
	var version struct {
		Swagger string `json:"swagger"`
		OpenAPI string `json:"openapi"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return nil, err
	}
	switch {
	case strings.HasPrefix(version.Swagger, "2."):
		var old openapi2.T
		if err := json.Unmarshal(text, &old); err != nil {
			return nil, err
		}
		return openapi2conv.ToV3(&old)
	case strings.HasPrefix(version.OpenAPI, "3."):
		loader := openapi3.NewLoader()
		loader.IsExternalRefsAllowed = false
		return loader.LoadFromData(text)
	}
	return nil, fmt.Errorf("it says neither swagger: \"2.0\" nor openapi: 3.x")
}

func imported(doc *openapi3.T) (Imported, error) {
	var out Imported
	if doc.Info != nil {
		out.Title, out.Description = doc.Info.Title, doc.Info.Description
	}
	if doc.Components != nil && len(doc.Components.Schemas) > 0 {
		var err error
		if out.Schemas, err = json.Marshal(doc.Components.Schemas); err != nil {
			return out, fault.Wrap(fault.Invalid, "OpenAPI document", err, "its schemas cannot be read")
		}
	}
	for _, s := range doc.Servers {
		if u, err := url.Parse(s.URL); err == nil && u.Host != "" && (out.ServiceURL == "" || u.Scheme == "https" && !strings.HasPrefix(out.ServiceURL, "https:")) {
			out.ServiceURL = strings.TrimSuffix(s.URL, "/")
		}
	}
	taken := map[string]bool{}
	paths := doc.Paths.Map()
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		operations := paths[path].Operations()
		for _, method := range slices.Sorted(maps.Keys(operations)) {
			op := operations[method]
			name := operationName(cmp.Or(op.OperationID, method+"-"+path), taken)
			taken[name] = true
			def := Operation{
				Method: method, DisplayName: clipped(cmp.Or(op.Summary, op.OperationID, method+" "+path), maxDisplay), Description: op.Description,
				URLTemplate: path + requiredQuery(paths[path].Parameters, op.Parameters), Responses: responses(op.Responses),
				Parameters: parameters(paths[path].Parameters, op.Parameters), Request: requestBodies(op.RequestBody),
				AnyStatus: op.Responses.Default() != nil,
			}
			out.Operations = append(out.Operations, Named[Operation]{name, def})
		}
	}
	return out, nil
}

const (
	maxDisplay = 300
	maxName    = 76
)

func clipped(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// operationName is an operationId as a name: lower case, what is no letter or digit a
// dash, a number behind where it is taken.
func operationName(id string, taken map[string]bool) string {
	var out strings.Builder
	dash := false
	for _, r := range strings.ToLower(id) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			if dash && out.Len() > 0 {
				out.WriteByte('-')
			}
			out.WriteRune(r)
			dash = false
			continue
		}
		dash = true
	}
	name := cmp.Or(clipped(out.String(), maxName), "operation")
	for n, base := 1, name; taken[name]; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}

// requiredQuery is the query of a template: parameters that must be there.
func requiredQuery(lists ...openapi3.Parameters) string {
	var pairs []string
	for _, list := range lists {
		for _, p := range list {
			if p.Value != nil && p.Value.In == "query" && p.Value.Required && !slices.Contains(pairs, p.Value.Name+"={"+p.Value.Name+"}") {
				pairs = append(pairs, p.Value.Name+"={"+p.Value.Name+"}")
			}
		}
	}
	if pairs == nil {
		return ""
	}
	return "?" + strings.Join(pairs, "&")
}

func responses(all *openapi3.Responses) (out []Response) {
	for _, code := range slices.Sorted(maps.Keys(all.Map())) {
		var status int
		r := all.Map()[code].Value
		if _, err := fmt.Sscanf(code, "%d", &status); err != nil || r == nil || status < 100 || status > 999 {
			continue // default, 2XX
		}
		def := Response{StatusCode: status}
		if r.Description != nil {
			def.Description = *r.Description
		}
		for _, typ := range slices.Sorted(maps.Keys(r.Content)) {
			def.Representations = append(def.Representations, representation(typ, r.Content[typ]))
		}
		for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
			if h := r.Headers[name].Value; h != nil {
				def.Headers = append(def.Headers, Parameter{In: "header", Name: name, Required: h.Required, Schema: schemaText(h.Schema)})
			}
		}
		out = append(out, def)
	}
	return out
}

func representation(typ string, m *openapi3.MediaType) Representation {
	out := Representation{ContentType: typ, Sample: sample(m)}
	if m != nil && m.Schema != nil {
		out.Schema, out.SchemaName = schemaText(m.Schema), strings.TrimPrefix(m.Schema.Ref, "#/components/schemas/")
	}
	return out
}

func requestBodies(body *openapi3.RequestBodyRef) (out []Representation) {
	if body == nil || body.Value == nil {
		return nil
	}
	for _, typ := range slices.Sorted(maps.Keys(body.Value.Content)) {
		out = append(out, representation(typ, body.Value.Content[typ]))
	}
	return out
}

// parameters are those of a path, overruled by those of an operation.
func parameters(lists ...openapi3.Parameters) (out []Parameter) {
	for _, list := range lists {
		for _, p := range list {
			if p.Value == nil || p.Value.In == "cookie" {
				continue
			}
			one := Parameter{In: p.Value.In, Name: p.Value.Name, Required: p.Value.Required, Schema: schemaText(p.Value.Schema)}
			out = append(slices.DeleteFunc(out, func(x Parameter) bool { return x.In == one.In && x.Name == one.Name }), one)
		}
	}
	return out
}

// schemaText is a schema with the names in it as they are.
func schemaText(s *openapi3.SchemaRef) json.RawMessage {
	if s == nil {
		return nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil
	}
	return text
}

// sample is an example of a media type, or one made from its schema.
func sample(m *openapi3.MediaType) string {
	if m == nil {
		return ""
	}
	v := m.Example
	for _, name := range slices.Sorted(maps.Keys(m.Examples)) {
		if e := m.Examples[name].Value; v == nil && e != nil {
			v = e.Value
		}
	}
	if v == nil && m.Schema != nil {
		left := maxSample
		v = sampleOf(m.Schema.Value, 0, &left)
	}
	if s, ok := v.(string); ok {
		return s
	}
	if v == nil {
		return ""
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

const maxSample = 500 // values

func sampleOf(s *openapi3.Schema, depth int, left *int) any {
	if *left--; s == nil || depth > 8 || *left < 0 {
		return nil
	}
	switch {
	case s.Example != nil:
		return s.Example
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	for _, list := range []openapi3.SchemaRefs{s.AllOf, s.OneOf, s.AnyOf} {
		if len(list) > 0 && len(s.Properties) == 0 {
			return sampleOf(list[0].Value, depth+1, left)
		}
	}
	switch {
	case s.Type.Is("object") || len(s.Properties) > 0:
		out := map[string]any{}
		for name, p := range s.Properties {
			out[name] = sampleOf(p.Value, depth+1, left)
		}
		return out
	case s.Type.Is("array"):
		if s.Items == nil {
			return []any{}
		}
		return []any{sampleOf(s.Items.Value, depth+1, left)}
	case s.Type.Is("string"):
		return "string"
	case s.Type.Is("integer"), s.Type.Is("number"):
		return 0
	case s.Type.Is("boolean"):
		return false
	}
	return nil
}

// Import puts an API as an OpenAPI document has it. What def leaves empty the document
// gives. Operations that are there under their names keep their policies; those that
// the document does not have are deleted. All of it happens, or nothing.
func (s *Service) Import(_ context.Context, api string, def API, text []byte) error {
	doc, err := ReadOpenAPI(text)
	if err != nil {
		return err
	}
	def.DisplayName, def.Description, def.ServiceURL = cmp.Or(def.DisplayName, doc.Title), cmp.Or(def.Description, doc.Description), cmp.Or(def.ServiceURL, doc.ServiceURL)
	def.Schemas = doc.Schemas
	s.change.Lock()
	defer s.change.Unlock()
	old := s.current.Load().records
	name := s.resolve("apis/", api)
	path := "apis/" + strings.ToLower(name)
	b := changes{s, maps.Clone(old), s.engine.db.NewBatch(4096)}
	if err := b.put(path, complete(record{name, def}, old[path])); err != nil {
		return err
	}
	if def.IsCurrent {
		if err := b.othersNotCurrent(path); err != nil {
			return err
		}
	}
	keep := map[string]bool{}
	for _, op := range doc.Operations {
		at := path + "/operations/" + op.Name
		keep[at] = true
		if err := b.put(at, complete(record{op.Name, op.Value}, record{})); err != nil {
			return err
		}
	}
	for p := range old {
		rest, ok := strings.CutPrefix(p, path+"/operations/")
		if name, _, _ := strings.Cut(rest, "/"); ok && !keep[path+"/operations/"+name] {
			b.remove(p)
		}
	}
	return s.commit(b)
}
