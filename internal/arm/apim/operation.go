package apim

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/gateway"
)

// inTemplate are the names of a URL template: {id}, {*rest}.
var inTemplate = regexp.MustCompile(`\{\*?([^{}]+)\}`)

func readOperation(c *arm.Call, _ gateway.Operation) (gateway.Operation, error) {
	b := c.Body.Object("properties")
	def := gateway.Operation{
		DisplayName: b.Text("displayName"), Description: b.Text("description"), Method: b.Text("method"), URLTemplate: b.Text("urlTemplate"),
	}
	for _, needed := range []string{"displayName", "method", "urlTemplate"} {
		if b.Text(needed) == "" {
			return def, invalid(needed, "The property '%s' must not be empty.", needed)
		}
	}
	var used, declared []string
	path, _, _ := strings.Cut(def.URLTemplate, "?")
	for _, m := range inTemplate.FindAllStringSubmatch(path, -1) {
		used = append(used, m[1])
	}
	for _, p := range b.Objects("templateParameters") {
		declared = append(declared, strings.TrimPrefix(p.Text("name"), "*"))
	}
	for _, name := range used {
		if !slices.Contains(declared, name) {
			return def, invalid("templateParameters", "All template parameters used in the UriTemplate must be defined in the Operation; '%s' is not.", name)
		}
	}
	for _, name := range declared {
		if !strings.Contains(def.URLTemplate, "{"+name+"}") && !strings.Contains(def.URLTemplate, "{*"+name+"}") {
			return def, invalid("templateParameters", "The template parameter '%s' is not used in the UriTemplate '%s'.", name, def.URLTemplate)
		}
	}
	for _, p := range b.Objects("templateParameters") {
		in := "path"
		if _, query, _ := strings.Cut(def.URLTemplate, "?"); strings.Contains(query, "{"+p.Text("name")+"}") {
			in = "query"
		}
		def.Parameters = append(def.Parameters, parameterOf(in, p))
	}
	for _, p := range b.Objects("request", "queryParameters") {
		def.Parameters = append(def.Parameters, parameterOf("query", p))
	}
	for _, p := range b.Objects("request", "headers") {
		def.Parameters = append(def.Parameters, parameterOf("header", p))
	}
	for _, rep := range b.Objects("request", "representations") {
		def.Request = append(def.Request, representationOf(rep))
	}
	for _, r := range b.Objects("responses") {
		status, _ := r.Int("statusCode")
		response := gateway.Response{StatusCode: int(status), Description: r.Text("description")}
		for _, rep := range r.Objects("representations") {
			response.Representations = append(response.Representations, representationOf(rep))
		}
		for _, p := range r.Objects("headers") {
			response.Headers = append(response.Headers, parameterOf("header", p))
		}
		def.Responses = append(def.Responses, response)
	}
	return def, nil
}

// parameterOf is a parameter with the schema that its type and its values make.
func parameterOf(in string, p arm.Body) gateway.Parameter {
	out := gateway.Parameter{In: in, Name: strings.TrimPrefix(p.Text("name"), "*"), Required: p.Bool("required"), TypeRef: typeRefOf(p)}
	schema := arm.Body{}
	if typ := p.Text("type"); slices.Contains([]string{"string", "integer", "number", "boolean"}, typ) {
		schema["type"] = typ
		if values := p.Texts("values"); typ == "string" && len(values) > 0 {
			schema["enum"] = values
		}
		out.Schema = schema.JSON()
	}
	return out
}

func representationOf(rep arm.Body) gateway.Representation {
	return gateway.Representation{ContentType: rep.Text("contentType"), Sample: sampleOf(rep), TypeRef: typeRefOf(rep)}
}

// typeRefOf is the type of a schema of the API that a parameter or a body names.
func typeRefOf(b arm.Body) gateway.TypeRef {
	return gateway.TypeRef{SchemaID: lastOf(b.Text("schemaId")), TypeName: b.Text("typeName")}
}

// sampleOf is the first example of a representation: examples have names, and values
// that are JSON, or text.
func sampleOf(rep arm.Body) string {
	if s := rep.Text("sample"); s != "" { // up to 2021
		return s
	}
	examples := rep.Object("examples")
	names := make([]string, 0, len(examples))
	for name := range examples {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch v := examples.Get(name, "value").(type) {
		case string:
			return v
		case nil:
		default:
			return string(arm.Body{"v": v}.JSON()[len(`{"v":`) : len(arm.Body{"v": v}.JSON())-1])
		}
	}
	return ""
}

func showOperation(c *arm.Call, v gateway.Operation) {
	b := c.Body
	b.Set(v.DisplayName, "properties", "displayName")
	b.Set(v.Method, "properties", "method")
	b.Set(v.URLTemplate, "properties", "urlTemplate")
	setText(c, "description", v.Description)
	if c.Kept() {
		return
	}
	parameters := []any{}
	for _, m := range inTemplate.FindAllStringSubmatch(v.URLTemplate, -1) {
		parameters = append(parameters, map[string]any{"name": m[1], "type": "string", "required": true, "values": []any{}})
	}
	responses := []any{}
	for _, r := range v.Responses {
		representations := []any{}
		for _, rep := range r.Representations {
			shown := map[string]any{"contentType": rep.ContentType, "examples": map[string]any{"default": map[string]any{"value": cmp.Or(rep.Sample, "")}}}
			if rep.SchemaID != "" {
				shown["schemaId"], shown["typeName"] = rep.SchemaID, rep.TypeName
			}
			representations = append(representations, shown)
		}
		responses = append(responses, map[string]any{"statusCode": r.StatusCode, "description": r.Description, "representations": representations, "headers": []any{}})
	}
	b.Set(parameters, "properties", "templateParameters")
	b.Set(responses, "properties", "responses")
}
