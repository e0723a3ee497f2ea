package apim

import (
	"encoding/json"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// schema is the type of schemas that the policy validate-content names.
func (p provider) schema() arm.Type {
	t := typed(p, resource.Gateways+"/schemas", definition[gateway.Schema]{
		table: func(s *gateway.Service, _ arm.ID) gateway.Table[gateway.Schema] { return s.Schemas() },
		read:  readSchema, show: showSchema,
	})
	t.Long = true
	t.Refuse = []arm.Refusal{{Path: "properties.schemaType", Unless: []any{"json"}, Why: "bodies are held against schemas of JSON alone"}}
	return t
}

// readSchema takes a document as JSON, and as the text of it, which az sends as value.
func readSchema(c *arm.Call, old gateway.Schema) (gateway.Schema, error) {
	b := c.Body.Object("properties")
	if b.Text("schemaType") == "" {
		return old, invalid("schemaType", "The property 'schemaType' must not be empty.")
	}
	def := gateway.Schema{Description: b.Text("description")}
	given := b.Get("document")
	if given == nil {
		given = b.Get("value")
	}
	c.Body.Remove("properties", "document") // the engine has it
	c.Body.Remove("properties", "value")
	switch v := given.(type) {
	case nil:
		if def.Document = old.Document; old.Document == nil {
			return def, invalid("document", "The property 'document' must not be empty.")
		}
	case string:
		def.Document = json.RawMessage(v)
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return def, err
		}
		def.Document = text
	}
	if !json.Valid(def.Document) {
		return def, invalid("document", "The property 'document' is no JSON.")
	}
	return def, nil
}

func showSchema(c *arm.Call, v gateway.Schema) {
	c.Body.Set("json", "properties", "schemaType")
	setText(c, "description", v.Description)
	var document any
	if err := json.Unmarshal(v.Document, &document); err == nil {
		c.Body.Set(document, "properties", "document")
	}
}
