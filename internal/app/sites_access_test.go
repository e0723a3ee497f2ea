package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestSiteRestrictions: the access restrictions of a site, set as `az functionapp config
// access-restriction` sets them, keep out by address and by default, at the app's own
// door and at that for deployments, each by its own rules, in App Service's words.
func TestSiteRestrictions(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, "arm: true\ntrustedProxies: [127.0.0.0/8]\n", nil, func(r *rig) {
		c := r.arm()
		const app = "/S/resourceGroups/rg/providers/Microsoft.Web/sites/shop"
		c.ok("PUT", "/S/resourceGroups/rg", `{"location":"westeurope"}`)
		c.ok("PUT", app, `{"location":"westeurope","kind":"functionapp,linux","properties":{}}`)
		// says is the status line that who comes from an address gets of a door.
		says := func(host, from string) string {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", r.app.house.Doors.address(instance.Identity))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: %s\r\nConnection: close\r\n\r\n", host, from)
			line, err := bufio.NewReader(conn).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimSpace(strings.TrimPrefix(line, "HTTP/1.1"))
		}
		const main, scm = "shop.azurewebsites.net", "shop.scm.azurewebsites.net"
		const office, home, out = "203.0.113.9", "198.51.100.7", "403 Ip Forbidden"
		const open, asked = "200 OK", "401 Unauthorized" // the door for deployments asks who it is
		allowOffice := `[{"ipAddress":"203.0.113.0/24","action":"Allow","priority":100,"name":"office"}]`
		denyHome := `[{"ipAddress":"198.51.100.7/32","action":"Deny","priority":100,"name":"home"}]`
		for _, one := range []struct {
			what, config                             string
			mainOffice, mainHome, scmOffice, scmHome string
		}{
			{"nothing", `{}`, open, open, asked, asked},
			{"one range", `{"ipSecurityRestrictions":` + allowOffice + `}`, open, out, asked, asked},
			{"nobody by default", `{"ipSecurityRestrictions":[],"ipSecurityRestrictionsDefaultAction":"Deny"}`, out, out, asked, asked},
			{"all but one", `{"ipSecurityRestrictions":` + denyHome + `,"ipSecurityRestrictionsDefaultAction":"Allow"}`, open, out, asked, asked},
			{"another rule for deployments", `{"ipSecurityRestrictions":[],"ipSecurityRestrictionsDefaultAction":"Allow","scmIpSecurityRestrictions":` + allowOffice + `}`, open, open, asked, out},
			{"no deployments by default", `{"scmIpSecurityRestrictions":[],"scmIpSecurityRestrictionsDefaultAction":"Deny"}`, open, open, out, out},
			{"the main rule for both", `{"ipSecurityRestrictions":` + denyHome + `,"scmIpSecurityRestrictionsUseMain":true}`, open, out, asked, out},
			{"nobody from the public network", `{"publicNetworkAccess":"Disabled"}`, out, out, out, out},
			{"everybody again", `{"publicNetworkAccess":"Enabled","ipSecurityRestrictions":[],"scmIpSecurityRestrictionsUseMain":false,"scmIpSecurityRestrictionsDefaultAction":"Allow"}`, open, open, asked, asked},
		} {
			c.ok("PATCH", app+"/config/web", `{"properties":`+one.config+`}`)
			got := strings.Join([]string{says(main, office), says(main, home), says(scm, office), says(scm, home)}, ", ")
			if want := strings.Join([]string{one.mainOffice, one.mainHome, one.scmOffice, one.scmHome}, ", "); got != want {
				t.Errorf("%s: %s; want %s", one.what, got, want)
			}
		}
	})
}

// readAsItself answers, in a custom handler, with what is at an address of the blob
// service here, read with a token of the app's own identity as documented for any
// language: IDENTITY_ENDPOINT and IDENTITY_HEADER. client names another identity.
func readAsItself(w http.ResponseWriter, blob, client string) {
	endpoint := os.Getenv("IDENTITY_ENDPOINT")
	if endpoint == "" {
		http.Error(w, "the app has no identity", http.StatusNotImplemented)
		return
	}
	q := url.Values{"api-version": {"2019-08-01"}, "resource": {"https://storage.azure.com/"}}
	if client != "" {
		q.Set("client_id", client)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	status, text, err := fetch(endpoint+"?"+q.Encode(), "X-Identity-Header", os.Getenv("IDENTITY_HEADER"))
	if err != nil || status != http.StatusOK || json.Unmarshal([]byte(text), &token) != nil {
		http.Error(w, fmt.Sprint("no token: ", text, err), http.StatusBadGateway)
		return
	}
	status, text, err = fetch(blob, "Authorization", "Bearer "+token.AccessToken, "X-Ms-Version", "2021-08-06")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the host is gone
}

func fetch(address string, headers ...string) (int, string, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		return 0, "", err
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	reply, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return 0, "", err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	return reply.StatusCode, string(text), err
}

// TestSiteIsItself: the custom handler of a deployed app gets tokens as the app's own
// identity, or as one that was given to it, and these open what their roles do: nothing
// before, and nothing any more once the role or the identity is taken away.
func TestSiteIsItself(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, "arm: true\nidentity: {mode: enforce}\n", nil, func(r *rig) {
		c, e := r.arm(), r.app.house
		const app = "/S/resourceGroups/rg/providers/Microsoft.Web/sites/shop"
		c.ok("PUT", "/S/resourceGroups/rg", `{"location":"westeurope"}`)
		c.ok("PUT", app, `{"location":"westeurope","kind":"functionapp,linux","properties":{}}`)
		if _, err := e.stateIn(e.Storage.blobs).SetText(t.Context(), "kept", "secret.txt", []byte("for readers"), ""); err != nil {
			t.Fatal(err)
		}
		d := &deployed{house: &house{App: r.app}, t: t}
		d.deploy("shop", handlerPackage(t, "one"))
		_, at := r.storageAt(instance.Blob)
		path := "/api/hello?read=" + url.QueryEscape(at+"/kept/secret.txt")
		d.until("shop", path, http.StatusNotImplemented, "the app has no identity")
		const noRight = "AuthorizationPermissionMismatch"
		c.ok("PATCH", app, `{"identity":{"type":"SystemAssigned"}}`)
		d.until("shop", path, http.StatusForbidden, noRight)
		scope := e.Who.Scope(resource.StorageAccounts, resource.DefaultStorage)
		give := func(principal, role string) {
			if _, err := e.Who.Assign(principal, role, scope); err != nil {
				t.Fatal(err)
			}
		}
		give("app:shop", "Storage Queue Data Reader")
		if got, text := d.ask("shop", path); got != http.StatusForbidden {
			t.Errorf("with a role for queues: %d %s", got, text)
		}
		give("app:shop", "Storage Blob Data Reader")
		d.until("shop", path, http.StatusOK, "for readers")
		if _, err := e.Who.Remove("app:shop", "Storage Blob Data Reader", scope); err != nil {
			t.Fatal(err)
		}
		d.until("shop", path, http.StatusForbidden, noRight)

		const user = "/S/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader"
		c.ok("PUT", user, `{"location":"westeurope"}`)
		reader, err := e.Who.Principal(identity.UserAssigned.Named("reader"))
		if err != nil {
			t.Fatal(err)
		}
		give("identity:reader", "Storage Blob Data Reader")
		as := path + "&as=" + reader.AppID
		d.until("shop", as, http.StatusBadGateway, "Identity not found")
		c.ok("PATCH", app, `{"identity":{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{"`+user+`":{}}}}`)
		d.until("shop", as, http.StatusOK, "for readers")
		// As on Azure it may go while it is given: the app gets no tokens as it any more.
		if code, b := c.do("DELETE", user, ""); code != http.StatusNoContent {
			t.Errorf("the identity: %d %v", code, b)
		}
		d.until("shop", as, http.StatusBadGateway, "Identity not found")
		if code, b := c.do("GET", app, ""); code != http.StatusOK || b.Text("identity", "type") == "" {
			t.Errorf("the app whose identity went: %d %v", code, b)
		}
		c.ok("PATCH", app, `{"identity":{"type":"None"}}`)
		d.until("shop", path, http.StatusNotImplemented, "the app has no identity")
	})
}
