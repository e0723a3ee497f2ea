package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/lazuli-dev/lazuli/functions"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// keysWorker is the function app of these tests: it says a setting, and keeps
// what it is sent in a file of its folder.
func keysWorker(app *functions.App) {
	app.HTTP("setting", functions.HTTPTrigger{Auth: functions.AuthAnonymous}, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, os.Getenv("GREETING"))
	})
	app.HTTP("token", functions.HTTPTrigger{Auth: functions.AuthAnonymous}, func(w http.ResponseWriter, _ *http.Request) {
		c, err := azidentity.NewManagedIdentityCredential(nil)
		if err == nil {
			var t azcore.AccessToken
			t, err = c.GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{"https://eventhubs.azure.net/.default"}})
			fmt.Fprint(w, t.Token)
		}
		if err != nil {
			fmt.Fprint(w, err)
		}
	})
	app.HTTP("rows", functions.HTTPTrigger{Methods: []string{"POST"}, Auth: functions.AuthAnonymous}, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = os.WriteFile("rows.json", body, 0o600)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	app.Main()
}

// mended writes a program that builds where one stood that does not, and reports
// whether it is built.
func mended(r *rig) string {
	if err := os.WriteFile(filepath.Join(r.dir, "app", "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		return err.Error()
	}
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); <-time.After(50 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(r.dir, ".lazuli", "apps", "one", "app")); err == nil {
			return "built"
		}
	}
	return "left alone"
}

// functionKeys are the function apps. Their worker is this test's own program.
func functionKeys() map[string]keyCase {
	self, err := os.Executable()
	if err != nil {
		self = err.Error()
	}
	files := map[string]string{"app/host.json": `{"version":"2.0","extensions":{"http":{"routePrefix":"here"}}}`}
	app := func(more string) string { return "functions: {apps: {one: {path: app, binary: " + self + more + "}}}" }
	at := func(base string) func(r *rig) string {
		return func(r *rig) string {
			from := base
			if base == "" {
				from = r.url(instance.FunctionsPrefix + "one")
			}
			code, text := r.call("GET", strings.ReplaceAll(from, "PORT", fmt.Sprint(r.port))+"/here/setting", "")
			return strings.TrimSpace(fmt.Sprint(code, " ", text))
		}
	}
	broken := map[string]string{"app/go.mod": "module app\n", "app/main.go": "package main\n\nfunc main() { no }\n"}
	all := map[string]keyCase{
		"functions.watch":           {yaml: "functions: {watch: false, apps: {one: {path: app}}}", files: broken, want: "left alone", probe: mended},
		"functions.port":            {yaml: "functions: {port: PORT, apps: {one: {path: app, binary: " + self + "}}}", files: files, want: "200", probe: at("http://127.0.0.1:PORT")},
		"functions.apps.*.port":     {yaml: app(", port: PORT"), files: files, want: "200", probe: at("http://127.0.0.1:PORT")},
		"functions.apps.*.path":     {yaml: app(""), files: files, want: "200", probe: at("")},
		"functions.apps.*.binary":   {yaml: app(""), files: files, want: "200", probe: at("")},
		"functions.apps.*.settings": {yaml: app(", settings: {GREETING: you}"), files: files, want: "200 you", probe: at("")},
		"functions.apps.*.enableAuth": {yaml: app(", enableAuth: true"), files: files, want: "401", probe: func(r *rig) string {
			code, _ := r.call("GET", r.url(instance.FunctionsPrefix+"one")+"/admin/host/status", "")
			return fmt.Sprint(code)
		}},
		"functions.apps.*.disabled": {yaml: app(", disabled: true"), files: files, want: "nothing", probe: func(r *rig) string {
			if addr, ok := r.info.Addresses[instance.FunctionsPrefix+"one"]; ok {
				return addr
			}
			return "nothing"
		}},
	}
	authenticationKeys(all, files, app)
	return all
}

// authenticationKeys are what callers of functions show, as who has a token of the
// application ci and who has none.
func authenticationKeys(all map[string]keyCase, files map[string]string, app func(string) string) {
	for key, c := range map[string]struct{ more, want string }{
		"application":                 {"application: ci", "200 without 401, a token for another application 401"},
		"allowedAudiences":            {"allowedAudiences: ['" + keyClient + "', 'https://eventhubs.azure.net']", "200 without 401, a token for another application 200"},
		"allowedApplications":         {"application: ci, allowedApplications: [99999999-2222-3333-4444-555555555555]", "403 without 401, a token for another application 401"},
		"allowedPrincipals":           {"application: ci, allowedPrincipals: [99999999-2222-3333-4444-555555555555]", "403 without 401, a token for another application 401"},
		"excludedPaths":               {"application: ci, excludedPaths: [/here/setting]", "200 without 200, a token for another application 401"},
		"unauthenticatedClientAction": {"application: ci, unauthenticatedClientAction: RedirectToLoginPage", "200 without 302, a token for another application 401"},
	} {
		all["functions.apps.*.authentication."+key] = keyCase{
			yaml:  app(", authentication: {"+c.more+"}") + "\nidentity: {applications: {ci: {clientId: " + keyClient + ", secret: '" + keySecret + "'}}}",
			files: files, want: c.want, probe: func(r *rig) string {
				ask := func(token string) string {
					return r.code(instance.FunctionsPrefix+"one", "/here/setting", "Authorization", token)
				}
				return ask(r.bearer("api://"+keyClient+"/.default")) + " without " + r.code(instance.FunctionsPrefix+"one", "/here/setting") +
					", a token for another application " + ask(r.bearer("https://eventhubs.azure.net/.default"))
			},
		}
	}
}

// bearer is an Authorization header with a token of the application ci.
func (r *rig) bearer(scope string) string {
	reply, err := http.PostForm(r.url(instance.Identity)+"/adfs/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {keyClient}, "client_secret": {keySecret}, "scope": {scope},
	})
	if err != nil {
		return err.Error()
	}
	defer reply.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&got); err != nil {
		return err.Error()
	}
	return "Bearer " + got.Token
}
