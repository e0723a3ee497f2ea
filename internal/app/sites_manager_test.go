package app

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func armWebCases() []armCase {
	const app = "Microsoft.Web/sites/contoso-func"
	const plan = "Microsoft.Web/serverfarms/contoso-plan"
	return []armCase{
		{
			id: plan, body: `{"location":"westeurope","kind":"linux","sku":{"name":"Y1"},"properties":{"reserved":true}}`,
			want: map[string]string{"sku.tier": "Dynamic", "sku.capacity": "0", "properties.reserved": "true", "properties.maximumElasticWorkerCount": "1", "kind": "linux"},
		},
		{
			id: app, body: `{"location":"westeurope","kind":"functionapp,linux","identity":{"type":"SystemAssigned"},"properties":{"serverFarmId":"/S/resourceGroups/rg/providers/` + plan + `","clientCertMode":"Optional","siteConfig":{"linuxFxVersion":"Python|3.11","appSettings":[{"name":"A","value":"1"}]}}}`,
			want: map[string]string{
				"properties.state": "Running", "properties.defaultHostName": "contoso-func.azurewebsites.net", "identity.principalId": "*", "properties.clientCertMode": "Optional",
				"properties.hostNameSslStates.1.name": "contoso-func.scm.azurewebsites.net", "properties.hostNameSslStates.1.hostType": "Repository", "properties.sku": "Dynamic",
				"properties.siteConfig.linuxFxVersion": "Python|3.11", "properties.provisioningState": "Succeeded",
			},
			does: []armAct{
				{call: "POST config/appsettings/list", want: map[string]string{"properties.A": "1"}},
				{call: "POST config/connectionstrings/list", want: map[string]string{"properties": "{}"}},
				{call: "POST config/azurestorageaccounts/list", want: map[string]string{"properties": "{}"}},
				{call: "POST config/authsettings/list", want: map[string]string{"properties.enabled": "false"}},
				{call: "POST config/backup/list", status: 404},
				{call: "POST config/publishingcredentials/list", want: map[string]string{"properties.publishingUserName": "$contoso-func", "properties.publishingPassword": "*"}},
				{call: "GET config/publishingcredentials/list", want: map[string]string{"properties.publishingUserName": "$contoso-func", "properties.publishingPassword": "*"}}, // where its Location leads
				{call: "GET config/web", want: map[string]string{"properties.linuxFxVersion": "Python|3.11", "properties.scmType": "None", "properties.appSettings": "null"}},
				{call: "GET config/appsettings", want: map[string]string{"properties": "null"}},
				{call: "PUT config/appsettings", body: `{"properties":{"B":"2","N":3}}`, want: map[string]string{"properties.B": "2", "properties.N": "3", "properties.A": "null"}},
				{call: "PUT config/authsettings", body: `{"properties":{"enabled":true}}`, status: 400},
				{call: "GET functions", want: map[string]string{"value": "[]"}},
				{call: "POST restart"},
				{call: "POST stop"},
				{call: "POST start"},
				{call: "POST syncfunctiontriggers", status: 204},
			},
		},
		{id: app + "/config/logs", stay: true, body: `{"properties":{"applicationLogs":{"fileSystem":{"level":"Off"}}}}`, want: map[string]string{"properties.applicationLogs.fileSystem.level": "Off", "properties.provisioningState": "null"}},
		{id: app + "/basicPublishingCredentialsPolicies/scm", stay: true, body: `{"properties":{"allow":true}}`, want: map[string]string{"properties.allow": "true"}},
		{id: app + "/host/default", stay: true, body: `{}`, does: []armAct{
			{call: "POST listkeys", want: map[string]string{"masterKey": "*", "functionKeys.default": "*"}}, {call: "POST sync", status: 204},
		}},
		{id: app + "/host/default/functionKeys/mine", body: `{"properties":{"name":"mine","value":"secret-of-mine"}}`, want: map[string]string{"properties.name": "mine"}},
		{id: app + "/host/default/systemKeys/blobs_extension", body: `{"properties":{"value":"secret-of-blobs"}}`, want: map[string]string{"properties.name": "blobs_extension"}},
	}
}

// TestResourceManagerDeploys: an app that Resource Manager makes takes a package by its
// deployment door with the publishing credentials that it tells, and runs it; a package in
// a container of blobs is fetched as the app's identity, once that has a role there.
func TestResourceManagerDeploys(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, "arm: true", nil, func(r *rig) {
		c, e := r.arm(), r.app.house
		const app = "/S/resourceGroups/rg/providers/Microsoft.Web/sites/shop"
		c.ok("PUT", "/S/resourceGroups/rg", `{"location":"westeurope"}`)
		c.ok("PUT", app, `{"location":"westeurope","kind":"functionapp,linux","identity":{"type":"SystemAssigned"},"properties":{"siteConfig":{"appSettings":[{"name":"WORD","value":"first"}]}}}`)
		_, cred := c.do("POST", app+"/config/publishingcredentials/list", "")
		user, password := cred.Text("properties", "publishingUserName"), cred.Text("properties", "publishingPassword")
		for _, stacks := range []string{"functionAppStacks", "locations/koreacentral/functionAppStacks"} { // az asks the second for Flex Consumption
			if code, got := c.do("GET", "/providers/Microsoft.Web/"+stacks+"?stack=python", ""); code != 200 || len(got.List("value")) != 1 {
				t.Errorf("%s: %d %v", stacks, code, got)
			}
		}
		profiles := `<publishData><publishProfile profileName="shop - Zip Deploy" publishMethod="ZipDeploy" publishUrl="shop.scm.azurewebsites.net:443" userName="` + user +
			`" userPWD="` + password + `" destinationAppUrl="https://shop.azurewebsites.net" webSystem="WebSites"></publishProfile></publishData>`
		if code, got := c.do("POST", app+"/publishxml", ""); code != 200 || got.Text("text") != profiles {
			t.Errorf("publishing profiles: %d %v", code, got)
		}
		kudu := func(method, path string, body []byte, password string) int {
			q, err := http.NewRequestWithContext(t.Context(), method, r.url(instance.Identity)+path, bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			q.Host = "shop.scm.azurewebsites.net"
			q.SetBasicAuth(user, password)
			client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			reply, err := client.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			defer reply.Body.Close()
			return reply.StatusCode
		}
		if got := kudu("GET", "/deployments?warmup=true", nil, "wrong"); got != http.StatusUnauthorized {
			t.Errorf("a wrong password: %d", got)
		}
		if got := kudu("GET", "/api/deployments/latest", nil, password); got != http.StatusNotFound {
			t.Errorf("latest of none: %d", got)
		}
		if got := kudu("POST", "/api/zipdeploy", []byte("no zip"), password); got != http.StatusBadRequest {
			t.Errorf("no zip: %d", got)
		}
		if got := kudu("POST", "/api/zipdeploy?isAsync=true", handlerPackage(t, "one"), password); got != http.StatusAccepted {
			t.Errorf("zip deploy: %d", got)
		}
		testkit.Eventually(t, keyWait, func() bool { return kudu("GET", "/api/deployments/latest", nil, password) == http.StatusOK }, "it is deployed")
		_, list := c.do("GET", app+"/functions", "")
		if all := list.Objects("value"); len(all) != 1 || all[0].Text("name") != "shop/hello" || !strings.HasSuffix(all[0].Text("properties", "invoke_url_template"), "/api/hello") {
			t.Errorf("functions: %v", list)
		}
		if code, keys := c.do("POST", app+"/functions/hello/listkeys", ""); code != 200 || keys.Text("default") == "" {
			t.Errorf("keys: %d %v", code, keys)
		}
		d := &deployed{house: &house{App: r.app}, t: t}
		d.until("shop", "/api/hello", http.StatusOK, "one first shop.azurewebsites.net")
		if _, err := e.stateIn(e.Storage.blobs).SetText(t.Context(), "packages", "shop.zip", handlerPackage(t, "stored"), ""); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Who.Assign("app:shop", "Storage Blob Data Reader", e.Who.Scope(resource.StorageAccounts, resource.DefaultStorage)); err != nil {
			t.Fatal(err)
		}
		stored := `{"properties":{"WORD":"second","WEBSITE_RUN_FROM_PACKAGE":"https://` + resource.DefaultStorage + `.blob.core.windows.net/packages/shop.zip"}}`
		c.ok("PUT", app+"/config/appsettings", stored)
		d.until("shop", "/api/hello", http.StatusOK, "stored second ")
		const other = "/S/resourceGroups/rg/providers/Microsoft.Web/sites/other"
		c.ok("PUT", other, `{"location":"westeurope","kind":"functionapp,linux","identity":{"type":"SystemAssigned"},"properties":{}}`)
		c.ok("PUT", other+"/config/appsettings", stored)
		d.until("other", "/", http.StatusServiceUnavailable, "the storage service answered 403 AuthorizationPermissionMismatch")
		for _, id := range []string{app, other} {
			if code, b := c.do("DELETE", id, ""); code != 204 {
				t.Errorf("DELETE %s: %d %v", id, code, b)
			}
		}
		if got, _ := d.ask("shop", "/"); got != http.StatusNotFound {
			t.Errorf("one that went: %d", got)
		}
	})
}

func (c armClient) ok(method, id, body string) {
	c.r.t.Helper()
	if code, b := c.do(method, id, body); code != 200 && code != 201 {
		c.r.t.Fatalf("%s %s: %d %v", method, id, code, b)
	}
}
