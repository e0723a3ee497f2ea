package apim

import (
	"encoding/json"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/gateway"
)

// apiSchema is the type of schemas of an API, whose types its operations name by
// schemaId and typeName. A document has components (OpenAPI 3), definitions (OpenAPI 2),
// or as value the text of either or of a JSON schema; the content type tells which.
func (p provider) apiSchema() arm.Type {
	t := typed(p, apiType+"/schemas", definition[gateway.APISchema]{
		table: func(s *gateway.Service, id arm.ID) gateway.Table[gateway.APISchema] {
			return s.APISchemas(id.Names[1])
		},
		read: readAPISchema, show: showAPISchema,
	})
	t.Long = true
	return t
}

func readAPISchema(c *arm.Call, _ gateway.APISchema) (out gateway.APISchema, _ error) {
	b := c.Body.Object("properties")
	typ := b.Text("contentType")
	document := b.Object("document")
	switch lower := strings.ToLower(typ); {
	case typ == "":
		return out, invalid("contentType", "The property 'contentType' must not be empty.")
	case strings.Contains(lower, "xml"), strings.Contains(lower, "graphql"):
		return out, invalid("contentType", "The content type '%s' is not served by Lazuli: bodies are held against schemas of JSON alone.", typ)
	case document == nil && b.Has("document"):
		return out, invalid("document", "The property 'document' is no object.")
	}
	out.ContentType = typ
	if document == nil {
		return out, nil
	}
	out.Given = document.JSON()
	c.Body.Remove("properties", "document") // the engine has it
	return out, readTypes(&out, document, strings.ToLower(typ))
}

// readTypes finds out what a document has.
func readTypes(out *gateway.APISchema, document arm.Body, typ string) (err error) {
	components, definitions := document.Object("components"), document.Object("definitions")
	if text, is := document.Get("value").(string); is {
		value := json.RawMessage(text)
		if !json.Valid(value) {
			return invalid("value", "The property 'value' is no JSON.")
		}
		parsed, _ := arm.ParseBody(value) // what is no object WholeSchema refuses
		switch {
		case strings.Contains(typ, "openapi.components") || parsed.Object("components") != nil:
			components = inside(parsed, "components")
		case strings.Contains(typ, "swagger.definitions"):
			definitions = inside(parsed, "definitions")
		default:
			if out.Whole, err = gateway.WholeSchema(value); err != nil {
				return refused(err)
			}
			return nil
		}
	} else if document.Has("value") {
		return invalid("value", "The property 'value' is no text.")
	}
	if components != nil {
		out.Types, err = gateway.ComponentTypes(components.JSON())
	} else if definitions != nil {
		out.Types, err = gateway.DefinitionTypes(definitions.JSON())
	}
	return refused(err)
}

// inside is an object of a document, or the document itself where it has none.
func inside(b arm.Body, name string) arm.Body {
	if o := b.Object(name); o != nil {
		return o
	}
	return b
}

func showAPISchema(c *arm.Call, v gateway.APISchema) {
	c.Body.Set(v.ContentType, "properties", "contentType")
	if v.Given == nil {
		return
	}
	if document, err := arm.ParseBody(v.Given); err == nil {
		c.Body.Set(map[string]any(document), "properties", "document")
	}
}
