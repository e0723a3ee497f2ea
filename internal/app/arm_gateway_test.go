package app

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func armGatewayCases() []armCase {
	const (
		service = "Microsoft.ApiManagement/service/contoso-apim"
		rg      = "/S/resourceGroups/rg/providers/"
		policy  = `{"properties":{"format":"rawxml","value":"<policies><inbound><base /><set-header name=\"x\"><value>@(context.Api.Name + \"a\")</value></set-header></inbound></policies>"}}`
		escaped = `<policies><inbound><base /><set-header name="x"><value>@(context.Api.Name + &quot;a&quot;)</value></set-header></inbound></policies>`
	)
	shown := map[string]string{"properties.format": "xml", "properties.value": escaped}
	certificate := base64.StdEncoding.EncodeToString(testkit.Certify(&testing.T{}, "own", nil, 2020, 2090).Raw)
	return []armCase{
		{
			id: service, body: `{"location":"westeurope","sku":{"name":"Consumption","capacity":0},"identity":{"type":"SystemAssigned"},"properties":{"publisherName":"Contoso","publisherEmail":"a@contoso.com"}}`,
			want: map[string]string{
				"properties.gatewayUrl": "https://contoso-apim.azure-api.net", "properties.customProperties": "{}", "properties.virtualNetworkType": "None",
				"properties.hostnameConfigurations.0.hostName": "contoso-apim.azure-api.net", "properties.provisioningState": "Succeeded", "sku.capacity": "0",
				"identity.principalId": "*", "properties.publisherEmail": "a@contoso.com",
			},
		},
		{id: service + "/apiVersionSets/set", made: 201, body: `{"properties":{"displayName":"Set","versioningScheme":"Segment"}}`, want: map[string]string{"properties.versioningScheme": "Segment"}},
		{
			id: service + "/apis/echo", made: 201, body: `{"properties":{"displayName":"Echo","path":"echo","protocols":["https"],"serviceUrl":"https://example.org/echo","contact":{"name":"n"}}}`,
			want: map[string]string{
				"properties.apiRevision": "1", "properties.isCurrent": "true", "properties.isOnline": "true", "properties.subscriptionRequired": "true",
				"properties.subscriptionKeyParameterNames.header": "Ocp-Apim-Subscription-Key", "properties.contact.name": "n", "properties.authenticationSettings": "*",
			},
		},
		{
			id: service + "/apis/echo/operations/get", made: 201,
			body: `{"properties":{"displayName":"Get","method":"GET","urlTemplate":"/items/{id}","templateParameters":[{"name":"id","type":"string","required":true}],"responses":[{"statusCode":200,"representations":[{"contentType":"application/json","examples":{"a":{"value":{"ok":true}}}}]}]}}`,
			want: map[string]string{"properties.urlTemplate": "/items/{id}", "properties.templateParameters.0.name": "id", "properties.responses.0.statusCode": "200"},
		},
		{id: service + "/namedValues/region", made: 201, body: `{"properties":{"displayName":"region","value":"west"}}`, want: map[string]string{"properties.value": "west"}, does: []armAct{
			{call: "POST listValue", want: map[string]string{"value": "west"}},
		}},
		{id: service + "/namedValues/key", made: 201, body: `{"properties":{"displayName":"key","value":"hidden","secret":true}}`, want: map[string]string{"properties.value": "null", "properties.secret": "true"}, does: []armAct{
			{call: "POST listValue", want: map[string]string{"value": "hidden"}},
		}},
		{
			id: service + "/backends/behind", made: 201, body: `{"properties":{"url":"https://example.org","protocol":"http","credentials":{"header":{"x-functions-key":["{{key}}"]}},"circuitBreaker":{"rules":[{"name":"r","failureCondition":{"count":3,"interval":"PT1M","statusCodeRanges":[{"min":500,"max":599}]},"tripDuration":"PT30S"}]}}}`,
			want: map[string]string{"properties.url": "https://example.org", "properties.type": "Single", "properties.circuitBreaker.rules.0.tripDuration": "PT30S"},
		},
		{id: service + "/backends/pool", made: 201, body: `{"properties":{"type":"Pool","pool":{"services":[{"id":"` + rg + service + `/backends/behind"}]}}}`, want: map[string]string{"properties.type": "Pool"}},
		{
			id: service + "/loggers/hub", made: 201, body: `{"properties":{"loggerType":"azureEventHub","credentials":{"name":"telemetry","connectionString":"Endpoint=sb://contoso-evhns.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=b"}}}`,
			want: map[string]string{"properties.loggerType": "azureEventHub", "properties.credentials": "null", "properties.isBuffered": "true"},
		},
		{id: service + "/diagnostics/applicationinsights", made: 201, body: `{"properties":{"loggerId":"` + rg + service + `/loggers/hub","sampling":{"samplingType":"fixed","percentage":50}}}`, want: map[string]string{"properties.sampling.percentage": "50"}},
		{id: service + "/apis/echo/diagnostics/applicationinsights", made: 201, body: `{"properties":{"loggerId":"` + rg + service + `/loggers/hub"}}`, want: map[string]string{"properties.loggerId": "*"}},
		{id: service + "/certificates/own", made: 201, body: `{"properties":{"data":"` + certificate + `"}}`, want: map[string]string{"properties.subject": "CN=own, O=Contoso", "properties.data": "null", "properties.expirationDate": "2090-01-01T00:00:00Z"}},
		{
			id: service + "/schemas/order", made: 201, body: `{"properties":{"schemaType":"json","description":"d","document":{"type":"object"}}}`,
			want: map[string]string{"properties.schemaType": "json", "properties.document.type": "object", "properties.description": "d", "properties.value": "null"},
		},
		{id: service + "/policyFragments/part", made: 201, body: `{"properties":{"format":"rawxml","value":"<fragment><set-header name=\"y\"><value>1</value></set-header></fragment>"}}`, want: map[string]string{"properties.value": `<fragment><set-header name="y"><value>1</value></set-header></fragment>`}},
		{id: service + "/policies/policy", made: 201, body: policy, want: shown},
		{id: service + "/apis/echo/policies/policy", made: 201, body: policy, want: shown},
		{id: service + "/apis/echo/operations/get/policies/policy", made: 201, body: policy, want: shown},
		{id: service + "/products/gold", made: 201, body: `{"properties":{"displayName":"Gold","state":"published","subscriptionRequired":true,"approvalRequired":false}}`, want: map[string]string{"properties.state": "published", "properties.approvalRequired": "false"}},
		{id: service + "/products/gold/policies/policy", made: 201, body: policy, want: shown},
		{id: service + "/products/gold/apis/echo", made: 201, want: map[string]string{"properties.path": "echo"}},
		{
			id: service + "/subscriptions/mine", made: 201, body: `{"properties":{"displayName":"Mine","scope":"` + rg + service + `/products/gold"}}`,
			want: map[string]string{"properties.state": "active", "properties.scope": rg + service + "/products/gold", "properties.primaryKey": "null"},
			does: []armAct{
				{call: "POST listSecrets", want: map[string]string{"primaryKey": "*", "secondaryKey": "*"}},
				{call: "POST regeneratePrimaryKey", status: 204},
				{call: "POST regenerateSecondaryKey", status: 204},
			},
		},
		{id: service + "/apis/echo/releases/first", made: 201, body: `{"properties":{"apiId":"` + rg + service + `/apis/echo;rev=1","notes":"n"}}`, want: map[string]string{"properties.notes": "n"}},
		{id: service + "/apis/echo/revisions/1", fixed: true, want: map[string]string{"isCurrent": "true", "apiRevision": "1", "apiId": "/apis/echo;rev=1"}},
		{id: service + "/apis/echo/schemas/s", made: 201, body: `{"properties":{"contentType":"application/json"}}`, want: map[string]string{"properties.contentType": "application/json"}},
		{id: service + "/apis/echo/tags/t", made: 201, body: `{}`},
		{id: service + "/apis/echo/tagDescriptions/t", made: 201, body: `{"properties":{"description":"d"}}`, want: map[string]string{"properties.description": "d"}},
		{id: service + "/groups/team", made: 201, body: `{"properties":{"displayName":"Team"}}`, want: map[string]string{"properties.builtIn": "false"}},
		{id: service + "/groups/developers", fixed: true, want: map[string]string{"properties.builtIn": "true"}},
		{id: service + "/products/gold/groups/team", made: 201, body: `{}`},
		{id: service + "/products/gold/tags/t", made: 201, body: `{}`},
		{id: service + "/tags/t", made: 201, body: `{"properties":{"displayName":"T"}}`, want: map[string]string{"properties.displayName": "T"}},
		{id: service + "/portalsettings/signin", stay: true, body: `{"properties":{"enabled":false}}`, want: map[string]string{"properties.enabled": "false"}},
		{id: service + "/tenant/access", fixed: true, want: map[string]string{"properties.enabled": "false"}, does: []armAct{{call: "POST listSecrets", want: map[string]string{"enabled": "false"}}}},
	}
}

// TestGatewayByResourceManager makes a gateway as the workshop's configuration does and
// calls through it; then a revision, a version and what is refused.
func TestGatewayByResourceManager(t *testing.T) {
	testkit.NoLeaks(t)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Method + " " + r.URL.Path + " " + r.Header.Get("X-Functions-Key")))
	}))
	defer backend.Close()
	inHouse(t, "arm: true", nil, func(r *rig) {
		c := r.arm()
		const in = "/S/resourceGroups/rg/providers/Microsoft.ApiManagement/service/workshop"
		put := func(path, body string, want int) arm.Body {
			t.Helper()
			code, b := c.do("PUT", in+path, body)
			if code != want {
				t.Fatalf("PUT %s: %d %v", path, code, b)
			}
			return b
		}
		c.do("PUT", "/S/resourceGroups/rg", `{"location":"westeurope"}`)
		if code, b := c.do("GET", "/S/providers/Microsoft.ApiManagement/locations/westeurope/deletedServices/workshop", ""); code != 404 {
			t.Errorf("before: %d %v", code, b) // else clients restore
		}
		put("", `{"location":"westeurope","sku":{"name":"Consumption","capacity":0},"properties":{"publisherName":"a","publisherEmail":"b@c"}}`, 200)
		put("/namedValues/k", `{"properties":{"displayName":"k","value":"function-key","secret":true}}`, 201)
		api := `{"properties":{"displayName":"API","path":"api","protocols":["https"],"serviceUrl":"` + backend.URL + `/api"}}`
		if code, b := c.do("PUT", in+"/apis/api;rev=1", api, "If-Match", "*"); code != 201 { // as azurerm sends it
			t.Fatalf("the API: %d %v", code, b)
		}
		put("/apis/api/operations/post", `{"properties":{"displayName":"Post","method":"POST","urlTemplate":"/process-event"}}`, 201)
		put("/apis/api/policies/policy", `{"properties":{"format":"rawxml","value":"<policies><inbound><base /><set-header name=\"x-functions-key\" exists-action=\"override\"><value>{{k}}</value></set-header><rate-limit calls=\"3\" renewal-period=\"60\" /></inbound><backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error></policies>"}}`, 201)
		_, keys := c.do("POST", in+"/subscriptions/master/listSecrets", "")
		call := func(path string, want int, text, key string) {
			t.Helper()
			code, got := r.call("POST", "http://"+r.app.house.Doors.address(instance.Gateway)+path, "", "Ocp-Apim-Subscription-Key", key, "Host", "workshop.azure-api.net")
			if code != want || !strings.Contains(got, text) {
				t.Errorf("POST %s: %d %s, want %d %s", path, code, got, want, text)
			}
		}
		key := keys.Text("primaryKey")
		call("/api/process-event", 401, "missing subscription key", "")
		for range 3 {
			call("/api/process-event", 200, "POST /api/process-event function-key", key)
		}
		call("/api/process-event", 429, "Rate limit is exceeded", key)

		// A revision is called by its number until a release makes it the current one.
		put("/apis/api;rev=2", strings.Replace(api, `"properties":{`, `"properties":{"sourceApiId":"`+c.root()+strings.TrimPrefix(in, "/S")+`/apis/api;rev=1","apiRevision":"2","description":"second",`, 1), 201)
		put("/apis/api;rev=2/operations/other", `{"properties":{"displayName":"Other","method":"POST","urlTemplate":"/other"}}`, 201)
		call("/api/other", 404, "Resource not found", key)
		put("/apis/api/releases/two", `{"properties":{"apiId":"`+c.root()+strings.TrimPrefix(in, "/S")+`/apis/api;rev=2"}}`, 201)
		call("/api/other", 200, "POST /api/other function-key", key)
		if code, b := c.do("GET", in+"/apis/api", ""); code != 200 || b.Text("properties", "description") != "second" || b.Text("name") != "api" || b.Text("properties", "apiRevision") != "2" {
			t.Errorf("the current revision: %d %v", code, b)
		}
		if code, b := c.do("GET", in+"/apis/api/operations/post", ""); code != 200 {
			t.Errorf("a copied operation: %d %v", code, b)
		}
		if code, b := c.do("GET", in+"/apis", ""); code != 200 || len(b.Objects("value")) != 1 || b.Objects("value")[0].Text("name") != "api" {
			t.Errorf("the list: %d %v", code, b)
		}
		// az makes everything with If-Match: *; what it asks for and is not here is refused.
		if code, b := c.do("PUT", in+"/namedValues/starred", `{"properties":{"displayName":"starred","value":"v"}}`, "If-Match", "*"); code != 201 {
			t.Errorf("made with If-Match: *: %d %v", code, b)
		}
		if code, b := c.do("GET", in+"/apis/api?format=openapi-link&export=true", ""); code != 400 || b.Text("error", "code") != "ExportNotServed" {
			t.Errorf("an export: %d %v", code, b)
		}
		if code, b := c.do("DELETE", in+"/apis/api", ""); code != 400 {
			t.Errorf("the current revision of two is deleted: %d %v", code, b)
		}

		// What a document has becomes operations.
		put("/apis/pets;rev=1", `{"properties":{"path":"pets","format":"openapi+json","value":"{\"openapi\":\"3.0.1\",\"info\":{\"title\":\"Pets\",\"version\":\"1\"},\"servers\":[{\"url\":\"`+backend.URL+`\"}],\"paths\":{\"/pets\":{\"get\":{\"operationId\":\"listPets\",\"responses\":{\"200\":{\"description\":\"ok\"}}}}}}"}}`, 201)
		if code, b := c.do("GET", in+"/apis/pets/operations/listpets", ""); code != 200 || b.Text("properties", "urlTemplate") != "/pets" {
			t.Errorf("an imported operation: %d %v", code, b)
		}
		if code, _ := c.do("HEAD", in+"/products/none/apis/pets", ""); code != 404 {
			t.Errorf("HEAD of nothing: %d", code)
		}

		// What is refused says what and where.
		for path, want := range map[string]struct{ body, target, text string }{
			"/apis/api/policies/policy":                 {`{"properties":{"format":"rawxml","value":"<policies>\n<inbound>\n  <set-hedder name=\"a\" />\n</inbound></policies>"}}`, "set-hedder", "line 3"},
			"/policies/policy":                          {`{"properties":{"format":"rawxml","value":"<policies>\n<inbound><choose><when condition=\"@(true)\">\n<rate-limit-by-key calls=\"1\" renewal-period=\"1\" counter-key=\"a\" /></when></choose></inbound></policies>"}}`, "rate-limit-by-key", "line 3, column 1: the policy is not there in the Consumption tier"},
			"/apis/api/operations/post/policies/policy": {`{"properties":{"format":"rawxml","value":"<policies>` + strings.Repeat(" ", 256<<10) + `</policies>"}}`, "policies", "at most 262144 are taken"},
			"/policyFragments/long":                     {`{"properties":{"format":"rawxml","value":"<fragment>` + strings.Repeat(" ", 16<<10) + `</fragment>"}}`, "policies", "in the Consumption tier at most 16384 are taken"},
			"/policyFragments/quota":                    {`{"properties":{"format":"rawxml","value":"<fragment><quota-by-key calls=\"1\" renewal-period=\"300\" counter-key=\"a\" /></fragment>"}}`, "quota-by-key", "Consumption"},
			"/apis/api/operations/bad":                  {`{"properties":{"displayName":"a","method":"GET","urlTemplate":"/{id}"}}`, "templateParameters", "'id'"},
			"/apis/ws;rev=1":                            {`{"properties":{"displayName":"a","path":"ws","type":"websocket"}}`, "", "websocket"},
			"/apis/link;rev=1":                          {`{"properties":{"path":"l","format":"openapi-link","value":"https://example.org"}}`, "format", "Nothing is fetched"},
			"/subscriptions/bad":                        {`{"properties":{"displayName":"a","scope":"/nowhere"}}`, "scope", "/nowhere"},
			"/schemas/xsd":                              {`{"properties":{"schemaType":"xml","value":"<schema />"}}`, "", "JSON alone"},
			"/schemas/text":                             {`{"properties":{"schemaType":"json","value":"{"}}`, "document", "no JSON"},
			"/schemas/list":                             {`{"properties":{"schemaType":"json","document":[]}}`, "properties", "no JSON object"},
			"/schemas/none":                             {`{"properties":{"schemaType":"json"}}`, "document", "must not be empty"},
			"/policyFragments/schema":                   {`{"properties":{"format":"rawxml","value":"<fragment><validate-content unspecified-content-type-action=\"ignore\" max-size=\"9\" size-exceeded-action=\"ignore\"><content validate-as=\"json\" action=\"prevent\" schema-id=\"gone\" /></validate-content></fragment>"}}`, "content", "there is no schema gone"},
			"/namedValues/vault":                        {`{"properties":{"displayName":"a","keyVault":{"secretIdentifier":"b"}}}`, "", "Key Vault"},
			"/apis/api/policies/other":                  {`{"properties":{"value":"<policies/>"}}`, "", "called policy"},
			"/backends/none":                            {`{"properties":{"protocol":"http"}}`, "url", "must not be empty"},
			"/loggers/none":                             {`{"properties":{"loggerType":"azureEventHub","credentials":{}}}`, "credentials", "needs 'name'"},
			"/diagnostics/other":                        {`{"properties":{"loggerId":"x"}}`, "diagnosticId", "not one of"},
			"/certificates/mine":                        {`{"properties":{"data":"x"}}`, "data", "in base64"},
			"/apis/api;rev=9":                           {`{"properties":{"displayName":"a","path":"api","apiRevision":"3"}}`, "apiRevision", "'9'"},
			"/products/none":                            {`{"properties":{"displayName":"a","state":"open"}}`, "state", "open"},
		} {
			code, b := c.do("PUT", in+path, want.body)
			target := ""
			text := b.Text("error", "message")
			for _, d := range b.Objects("error", "details") {
				target, text = d.Text("target"), text+" "+d.Text("message")
			}
			if code < 400 || code == 500 || target != want.target || !strings.Contains(text, want.text) {
				t.Errorf("PUT %s: %d %v", path, code, b)
			}
		}
		two := `{"properties":{"displayName":"Two","path":"two","protocols":["https"],"serviceUrl":"` + backend.URL + `"}}`
		put("/apis/two;rev=1", two, 201)
		put("/apis/two;rev=2", strings.Replace(two, `"properties":{`, `"properties":{"apiRevision":"2",`, 1), 201)
		if code, b := c.do("DELETE", in, ""); code != 204 { // its APIs go with their revisions
			t.Errorf("DELETE: %d %v", code, b)
		}
		const deleted = "/S/providers/Microsoft.ApiManagement/locations/westeurope/deletedServices/workshop"
		if code, b := c.do("GET", deleted, ""); code != 200 || b.Text("name") != "workshop" {
			t.Errorf("what was deleted: %d %v", code, b)
		}
		put("", `{"location":"westeurope","sku":{"name":"Consumption"},"properties":{"publisherName":"","publisherEmail":"","restore":true}}`, 200)
		if code, b := c.do("GET", in, ""); code != 200 || b.Text("properties", "publisherEmail") != "b@c" {
			t.Errorf("what was restored: %d %v", code, b)
		}
		if code, _ := c.do("GET", deleted, ""); code != 404 {
			t.Errorf("what was deleted and restored: %d", code)
		}
		c.do("DELETE", in, "")
		if code, _ := c.do("DELETE", deleted, ""); code != 204 {
			t.Errorf("purge: %d", code)
		}
		if code, _ := c.do("GET", deleted, ""); code != 404 {
			t.Errorf("what was purged: %d", code)
		}
		call("/api/process-event", 404, "", key)
	})
}

// TestCertificatesOfBackends: what a backend's certificate is held against is what the
// backend says. The server's is its own issuer, for 127.0.0.1.
func TestCertificatesOfBackends(t *testing.T) {
	testkit.NoLeaks(t)
	backend := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("reached")) }))
	backend.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // refused handshakes
	backend.StartTLS()
	defer backend.Close()
	inHouse(t, "arm: true", nil, func(r *rig) {
		c := r.arm()
		const in = "/S/resourceGroups/rg/providers/Microsoft.ApiManagement/service/careless"
		put := func(path, body string) {
			t.Helper()
			if code, b := c.do("PUT", in+path, body); code > 299 {
				t.Fatalf("PUT %s: %d %v", path, code, b)
			}
		}
		c.do("PUT", "/S/resourceGroups/rg", `{"location":"westeurope"}`)
		put("", `{"location":"westeurope","sku":{"name":"Developer","capacity":1},"properties":{"publisherName":"a","publisherEmail":"b@c"}}`)
		put("/apis/a", `{"properties":{"displayName":"A","path":"a","protocols":["http"],"subscriptionRequired":false}}`)
		put("/apis/a/operations/any", `{"properties":{"displayName":"Any","method":"GET","urlTemplate":"/*"}}`)
		for _, x := range []struct {
			host, tls string
			want      int
		}{
			{"127.0.0.1", "", 500},
			{"127.0.0.1", `,"tls":{"validateCertificateChain":true}`, 500},
			{"127.0.0.1", `,"tls":{"validateCertificateName":false}`, 500},
			{"127.0.0.1", `,"tls":{"validateCertificateChain":false}`, 200},
			{"localhost", `,"tls":{"validateCertificateChain":false}`, 500},
			{"localhost", `,"tls":{"validateCertificateChain":false,"validateCertificateName":false}`, 200},
		} {
			put("/backends/b", `{"properties":{"protocol":"http","url":"`+strings.Replace(backend.URL, "127.0.0.1", x.host, 1)+`"`+x.tls+`}}`)
			put("/apis/a/policies/policy", `{"properties":{"format":"rawxml","value":"<policies><inbound><rate-limit-by-key calls=\"99\" renewal-period=\"9\" counter-key=\"k\" /><set-backend-service backend-id=\"b\" /></inbound><backend><base /></backend></policies>"}}`)
			code, text := r.call("GET", "http://"+r.app.house.Doors.address(instance.Gateway)+"/a/x", "", "Host", "careless.azure-api.net")
			if code != x.want || code == 200 && text != "reached" {
				t.Errorf("%s%s: %d %s, want %d", x.host, x.tls, code, text, x.want)
			}
		}
	})
}
