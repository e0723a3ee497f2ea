package app

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestSchemasOfAPIs makes schemas of an API as azurerm and the portal do, has
// operations name their types, and calls with bodies that fit and that do not.
func TestSchemasOfAPIs(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, "arm: true", nil, func(r *rig) {
		c := r.arm()
		const in = "/S/resourceGroups/rg/providers/Microsoft.ApiManagement/service/shop"
		put := func(path, body string) {
			t.Helper()
			if code, b := c.do("PUT", in+path, body); code > 201 {
				t.Fatalf("PUT %s: %d %v", path, code, b)
			}
		}
		c.do("PUT", "/S/resourceGroups/rg", `{"location":"westeurope"}`)
		put("", `{"location":"westeurope","sku":{"name":"Consumption","capacity":0},"properties":{"publisherName":"a","publisherEmail":"b@c"}}`)
		put("/apis/pets", `{"properties":{"displayName":"Pets","path":"pets","protocols":["https"],"subscriptionRequired":false}}`)
		const openAPI, swagger = "application/vnd.oai.openapi.components+json", "application/vnd.ms-azure-apim.swagger.definitions+json"
		kinds := map[string]struct{ schema, typeName string }{
			"components":  {`{"contentType":"` + openAPI + `","document":{"components":{"schemas":{"Pet":{"type":"object","required":["name"],"properties":{"age":{"type":"integer"}}}}}}}`, "Pet"},
			"definitions": {`{"contentType":"` + swagger + `","document":{"definitions":{"Pet":{"type":"object","required":["name"],"properties":{"age":{"$ref":"#/definitions/Age"}}},"Age":{"type":"integer"}}}}`, "Pet"},
			"text":        {`{"contentType":"` + openAPI + `","document":{"value":"{\"components\":{\"schemas\":{\"Pet\":{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{\"age\":{\"type\":\"integer\"}}}}}}"}}`, "Pet"},
			"schema":      {`{"contentType":"application/json","document":{"value":"{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{\"age\":{\"type\":\"integer\"}}}"}}`, ""},
		}
		call := func(path, body string, want int, says string) {
			t.Helper()
			code, got := r.call("POST", "http://"+r.app.house.Doors.address(instance.Gateway)+path, body, "Host", "shop.azure-api.net")
			if code != want || !strings.Contains(got, says) {
				t.Errorf("POST %s %s: %d %s, want %d %s", path, body, code, got, want, says)
			}
		}
		for name, kind := range kinds {
			put("/apis/pets/schemas/"+name, `{"properties":`+kind.schema+`}`)
			put("/apis/pets/operations/"+name, `{"properties":{"displayName":"Post","method":"POST","urlTemplate":"/`+name+`","request":{"representations":[{"contentType":"application/json","schemaId":"`+name+`","typeName":"`+kind.typeName+`"}]}}}`)
			if _, b := c.do("GET", in+"/apis/pets/operations/"+name, ""); b.Objects("properties", "request", "representations")[0].Text("schemaId") != name {
				t.Errorf("the operation %s: %v", name, b)
			}
		}
		put("/apis/pets/policies/policy", `{"properties":{"format":"rawxml","value":"<policies><inbound><validate-content unspecified-content-type-action=\"prevent\" max-size=\"1000\" size-exceeded-action=\"prevent\"><content type=\"application/json\" validate-as=\"json\" action=\"prevent\" /></validate-content><return-response><set-body>taken</set-body></return-response></inbound></policies>"}}`)
		for name := range kinds {
			call("/pets/"+name, `{"name":"a","age":3}`, 200, "taken")
			call("/pets/"+name, `{"age":3}`, 400, "does not conform")
			call("/pets/"+name, `{"name":"a","age":"b"}`, 400, "at /age")
			if code, _ := c.do("DELETE", in+"/apis/pets/schemas/"+name, ""); code != 400 {
				t.Errorf("the schema %s went, which an operation names: %d", name, code)
			}
		}
		if _, b := c.do("GET", in+"/apis/pets/schemas/definitions", ""); b.Text("properties", "document", "definitions", "Age", "type") != "integer" || b.Text("properties", "contentType") != swagger {
			t.Errorf("a schema as it is shown: %v", b)
		}
		// A revision that is made from another has its schemas.
		put("/apis/pets;rev=2", `{"properties":{"displayName":"Pets","path":"pets","protocols":["https"],"subscriptionRequired":false,"apiRevision":"2","sourceApiId":"`+c.root()+strings.TrimPrefix(in, "/S")+`/apis/pets;rev=1"}}`)
		call("/pets;rev=2/components", `{"age":3}`, 400, "does not conform")
		for path, want := range map[string]struct{ body, says string }{
			"/apis/pets/schemas/xsd":        {`{"properties":{"contentType":"application/vnd.ms-azure-apim.xsd+xml","document":{"value":"<s:schema />"}}}`, "JSON alone"},
			"/apis/pets/schemas/graph":      {`{"properties":{"contentType":"application/vnd.ms-azure-apim.graphql.schema","document":{"value":"type A"}}}`, "JSON alone"},
			"/apis/pets/schemas/none":       {`{"properties":{"document":{}}}`, "'contentType' must not be empty"},
			"/apis/pets/schemas/text":       {`{"properties":{"contentType":"application/json","document":{"value":"{"}}}`, "no JSON"},
			"/apis/pets/schemas/number":     {`{"properties":{"contentType":"application/json","document":{"value":3}}}`, "no text"},
			"/apis/pets/schemas/list":       {`{"properties":{"contentType":"application/json","document":[]}}`, "no object"},
			"/apis/pets/schemas/strange":    {`{"properties":{"contentType":"` + openAPI + `","document":{"components":{"schemas":{"A":{"type":"strange"}}}}}}`, "does not work"},
			"/apis/pets/schemas/far":        {`{"properties":{"contentType":"` + openAPI + `","document":{"components":{"schemas":{"A":{"$ref":"https://example.org/a"}}}}}}`, "cannot be read"},
			"/apis/none/schemas/a":          {`{"properties":{"contentType":"application/json"}}`, "none"},
			"/apis/pets/operations/unknown": {`{"properties":{"displayName":"a","method":"POST","urlTemplate":"/u","request":{"representations":[{"contentType":"application/json","schemaId":"none","typeName":"Pet"}]}}}`, "no schema none"},
			"/apis/pets/operations/untyped": {`{"properties":{"displayName":"a","method":"POST","urlTemplate":"/u","request":{"representations":[{"contentType":"application/json","schemaId":"components","typeName":"Cat"}]}}}`, `no type`},
		} {
			if code, b := c.do("PUT", in+path, want.body); code < 400 || code > 404 || !strings.Contains(string(b.JSON()), want.says) {
				t.Errorf("PUT %s: %d %v, want %s", path, code, b, want.says)
			}
		}
	})
}
