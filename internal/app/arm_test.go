package app

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// armClient asks Resource Manager as the developer.
type armClient struct {
	r     *rig
	token string
}

func (r *rig) arm() armClient {
	_, text := r.call("GET", r.url(instance.Identity)+"/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/", "", "Metadata", "true")
	var t struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		r.t.Fatalf("no token: %s", text)
	}
	return armClient{r, t.Token}
}

// root is the id of the subscription.
func (c armClient) root() string { return "/subscriptions/" + c.r.app.house.Who.Subscription() }

// do sends a request to an id; S in it stands for the subscription.
func (c armClient) do(method, id, body string, headers ...string) (int, arm.Body) {
	id = strings.ReplaceAll(id, "/S/", c.root()+"/")
	body = strings.ReplaceAll(body, `"/S/`, `"`+c.root()+"/")
	if developer, err := c.r.app.house.Who.Principal("developer"); err == nil {
		body = strings.ReplaceAll(body, "DEVELOPER", developer.ObjectID)
	}
	sep := "?"
	if strings.Contains(id, "?") {
		sep = "&"
	}
	code, text := c.r.call(method, c.r.url(instance.Identity)+id+sep+"api-version=2024-01-01", body, append([]string{"Authorization", "Bearer " + c.token}, headers...)...)
	b, err := arm.ParseBody([]byte(text))
	if err != nil {
		return code, arm.Body{"text": text}
	}
	return code, b
}

// armCase is one resource of every type: what is sent, and what must be there then.
type armCase struct {
	id    string // below /S/resourceGroups/rg/providers/, or from / on
	body  string
	want  map[string]string // by dotted path: the text of the value; "*" is anything but null
	does  []armAct
	stay  bool // it cannot be deleted: it is there as long as what it is in
	fixed bool // nobody makes it
	made  int  // status of the first PUT; 0 is 200
	gone  int  // status of DELETE; 0 is 204
	patch string
}

// armAct is an action and what its answer has.
type armAct struct {
	call, body string // POST listKeys
	status     int
	want       map[string]string
}

func (c armCase) path() string {
	if strings.HasPrefix(c.id, "/") {
		return c.id
	}
	return "/S/resourceGroups/rg/providers/" + c.id
}

func valueAt(b arm.Body, path string) string {
	var at any = map[string]any(b)
	for _, name := range strings.Split(path, ".") {
		switch x := at.(type) {
		case map[string]any:
			at = x[name]
		case []any:
			var n int
			if _, err := fmt.Sscan(name, &n); err != nil || n >= len(x) {
				return "<none>"
			}
			at = x[n]
		default:
			return "<none>"
		}
	}
	if s, is := at.(string); is {
		return s
	}
	text, err := json.Marshal(at)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (c armClient) holds(what string, b arm.Body, want map[string]string) {
	c.r.t.Helper()
	for path, value := range want {
		got := valueAt(b, path)
		value = strings.ReplaceAll(value, "/S/", c.root()+"/")
		if value == "*" && got != "null" && got != "<none>" && got != "" {
			continue
		}
		if got != value {
			c.r.t.Errorf("%s: %s is %s, want %s", what, path, got, value)
		}
	}
}

// TestEveryType makes one resource of every type that there is, by the wire: PUT, GET,
// PUT again, list, PATCH of tags, actions, and DELETE in the other order.
func TestEveryType(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, "arm: true", nil, func(r *rig) {
		c := r.arm()
		if code, b := c.do("PUT", "/S/resourceGroups/rg", `{"location":"westeurope","tags":{"a":"b"}}`); code != 201 {
			t.Fatalf("the group: %d %v", code, b)
		}
		cases := armCases()
		for _, x := range r.app.house.Manager.Types() {
			if strings.HasPrefix(x.Name, "Microsoft.Web/sites/functions") {
				continue // they come with code: see TestResourceManagerDeploys
			}
			if !slices.ContainsFunc(cases, func(one armCase) bool {
				id, err := arm.ParseID(strings.ReplaceAll(one.path(), "/S/", c.root()+"/"))
				return err == nil && strings.EqualFold(id.Type(), x.Name)
			}) {
				t.Errorf("%s: no case shows what the type does", x.Name)
			}
		}
		for _, one := range cases {
			c.comes(one)
		}
		for _, one := range cases {
			c.stays(one)
		}
		for _, one := range slices.Backward(cases) {
			c.goes(one)
		}
		if code, b := c.do("GET", "/S/resourceGroups/rg/resources", ""); code != 200 || len(b.List("value")) != 0 {
			t.Errorf("left in the group: %d %v", code, b)
		}
		if code, b := c.do("DELETE", "/S/resourceGroups/rg", ""); code != 200 {
			t.Errorf("delete the group: %d %v", code, b)
		}
	})
}

// comes makes it.
func (c armClient) comes(one armCase) {
	t, path := c.r.t, one.path()
	t.Helper()
	if one.fixed {
		return
	}
	if code, b := c.do("GET", path, ""); code != 404 && !one.stay {
		t.Errorf("GET %s before: %d %v", path, code, b)
	}
	want := 200
	if one.made != 0 {
		want = one.made
	}
	code, b := c.do("PUT", path, one.body)
	if code != want {
		t.Errorf("PUT %s: %d %v, want %d", path, code, b, want)
		return
	}
	id, err := arm.ParseID(strings.ReplaceAll(path, "/S/", c.root()+"/"))
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{"PUT", "GET"} {
		if where == "GET" {
			if code, b = c.do("GET", path, ""); code != 200 {
				t.Errorf("GET %s: %d %v", path, code, b)
			}
		}
		c.holds(where+" "+path, b, map[string]string{"id": id.String(), "name": id.Name(), "type": id.Type()})
		c.holds(where+" "+path, b, one.want)
	}
	if code, b := c.do("PUT", strings.ToUpper(path[:1])+path[1:], one.body); code != 200 && code != want {
		t.Errorf("PUT %s again: %d %v", path, code, b)
	}
}

// stays looks at it when all are there.
func (c armClient) stays(one armCase) {
	t, path := c.r.t, one.path()
	t.Helper()
	code, b := c.do("GET", path, "")
	if code != 200 {
		t.Errorf("GET %s: %d %v", path, code, b)
		return
	}
	c.holds("GET "+path, b, one.want)
	list := path[:strings.LastIndexByte(path, '/')]
	if code, b := c.do("GET", list, ""); code != 200 || !slices.ContainsFunc(b.Objects("value"), func(x arm.Body) bool {
		return strings.EqualFold(x.Text("id"), strings.ReplaceAll(path, "/S/", c.root()+"/"))
	}) {
		t.Errorf("GET %s: %d %v, without %s", list, code, b, path)
	}
	patch := `{"tags":{"x":"y"}}`
	if one.patch != "" {
		patch = one.patch
	}
	tracked := b.Has("location")
	if code, b := c.do("PATCH", path, patch); tracked && (code != 200 || b.Text("tags", "x") != "y" && one.patch == "") {
		t.Errorf("PATCH %s: %d %v", path, code, b)
	}
	for _, a := range one.does {
		verb, name, _ := strings.Cut(a.call, " ")
		want := 200
		if a.status != 0 {
			want = a.status
		}
		code, b := c.do(verb, path+"/"+name, a.body)
		if code != want {
			t.Errorf("%s %s/%s: %d %v, want %d", verb, path, name, code, b, want)
			continue
		}
		c.holds(verb+" "+path+"/"+name, b, a.want)
	}
}

// goes deletes it.
func (c armClient) goes(one armCase) {
	t, path := c.r.t, one.path()
	t.Helper()
	if one.stay || one.fixed {
		return
	}
	want := 204
	if one.gone != 0 {
		want = one.gone
	}
	if code, b := c.do("DELETE", path, ""); code != want || want == 200 && b.Text("name") == "" {
		t.Errorf("DELETE %s: %d %v, want %d", path, code, b, want)
	}
	if code, b := c.do("GET", path, ""); code != 404 || b.Text("error", "code") == "" {
		t.Errorf("GET %s after: %d %v", path, code, b)
	}
	if code, _ := c.do("DELETE", path, ""); code != 204 {
		t.Errorf("DELETE %s again: %d", path, code)
	}
}

// armCases are a resource of every type, in the order in which they are made.
func armCases() []armCase {
	return slices.Concat(armRecordCases(), armWebCases(), armHubCases(), armStorageCases(), armCosmosCases(), armAccessCases(), armGatewayCases(), armStreamCases(), []armCase{
		{
			id: "Microsoft.Authorization/locks/careful", made: 201, body: `{"properties":{"level":"CanNotDelete","notes":"n"}}`,
			want: map[string]string{"properties.level": "CanNotDelete"},
		},
	})
}

func armHubCases() []armCase {
	const ns = "Microsoft.EventHub/namespaces/contoso-evhns"
	rule := map[string]string{"properties.rights.0": "Listen"}
	keys := func(more string) []armAct {
		return []armAct{
			{call: "POST listKeys", want: map[string]string{"keyName": "app", "primaryKey": "*", "secondaryConnectionString": "*"}},
			{call: "POST regenerateKeys", body: `{"keyType":"PrimaryKey","key":"given"}`, want: map[string]string{
				"primaryKey": "given", "primaryConnectionString": "Endpoint=sb://contoso-evhns.servicebus.windows.net/;SharedAccessKeyName=app;SharedAccessKey=given" + more,
			}},
		}
	}
	return []armCase{
		{
			id: ns, body: `{"location":"westeurope","sku":{"name":"Standard","tier":"Standard","capacity":1},"identity":{"type":"SystemAssigned"},"properties":{"isAutoInflateEnabled":false,"publicNetworkAccess":"Enabled","disableLocalAuth":false,"minimumTlsVersion":"1.2","unknown":{"x":[1]}},"tags":{}}`,
			want: map[string]string{
				"location": "westeurope", "properties.provisioningState": "Succeeded", "properties.maximumThroughputUnits": "0", "properties.kafkaEnabled": "true",
				"properties.serviceBusEndpoint": "https://contoso-evhns.servicebus.windows.net:443/", "properties.status": "Active", "properties.createdAt": "*",
				"sku.capacity": "1", "properties.unknown.x": "[1]", "identity.principalId": "*", "identity.tenantId": "*",
			},
		},
		{id: ns + "/networkRuleSets/default", stay: true, body: `{"properties":{"defaultAction":"Allow","publicNetworkAccess":"Enabled","ipRules":[{"ipMask":"127.0.0.0/8","action":"Allow"}]}}`, want: map[string]string{
			"properties.defaultAction": "Allow", "properties.virtualNetworkRules": "[]", "properties.ipRules.0.ipMask": "127.0.0.0/8",
		}},
		{id: ns + "/authorizationRules/app", body: `{"properties":{"rights":["Listen","Send"]}}`, want: rule, does: keys("")},
		{
			id: ns + "/eventhubs/telemetry", body: `{"properties":{"partitionCount":2,"messageRetentionInDays":1}}`,
			want: map[string]string{
				"properties.partitionCount": "2", "properties.partitionIds": `["0","1"]`, "properties.status": "Active", "properties.messageRetentionInDays": "1",
				"properties.retentionDescription.retentionTimeInHours": "24", "properties.createdAt": "*",
			},
		},
		{id: ns + "/eventhubs/telemetry/consumergroups/dashboard", body: `{"properties":{"userMetadata":"hello"}}`, want: map[string]string{"properties.userMetadata": "hello"}},
		{id: ns + "/eventhubs/telemetry/authorizationRules/app", body: `{"properties":{"rights":["Listen"]}}`, want: rule, does: keys(";EntityPath=telemetry")},
	}
}
