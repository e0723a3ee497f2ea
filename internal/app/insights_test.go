package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// asked is rows of a query, by the names of their columns.
func (r *rig) asked(place, query string) []map[string]any {
	r.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		r.t.Fatal(err)
	}
	code, text := r.call(http.MethodPost, r.url(instance.Insights)+"/v1/"+place+"/query", string(body), "Content-Type", "application/json")
	var reply struct {
		Tables []struct {
			Columns []struct{ Name string }
			Rows    [][]any
		}
	}
	if err := json.Unmarshal([]byte(text), &reply); err != nil || code != http.StatusOK {
		r.t.Fatalf("%s: %d %s", query, code, text)
	}
	all := []map[string]any{}
	for _, row := range reply.Tables[0].Rows {
		one := map[string]any{}
		for n, c := range reply.Tables[0].Columns {
			one[c.Name] = row[n]
		}
		all = append(all, one)
	}
	return all
}

// within asks until there are so many rows.
func (r *rig) within(n int, place, query string) (rows []map[string]any) {
	r.t.Helper()
	testkit.Eventually(r.t, 60*time.Second, func() bool { rows = r.asked(place, query); return len(rows) >= n }, "%d rows of %s", n, query)
	return rows
}

// insightsHandler lets this test binary be the custom handler.
const insightsHandler = "-test.run=^TestInsightsHandler$"

// TestInsightsHandler is the custom handler of TestInsights, when a host started it; as
// a test by itself it has nothing to do.
func TestInsightsHandler(*testing.T) {
	port := os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT")
	if port == "" {
		return
	}
	server := http.Server{Addr: "127.0.0.1:" + port, ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/fails" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, `{"Outputs":{"res":{"statusCode":201,"body":%q}},"Logs":["<b>said</b>"]}`, os.Getenv(insightsConnection))
	})}
	_ = server.ListenAndServe()
}

// TestInsights: what is sent to a component, of the project file or of Resource Manager,
// is what is asked of it; invocations are requests with their traces; and the function's
// own client is told where to send.
func TestInsights(t *testing.T) {
	testkit.NoLeaks(t)
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	r := &rig{t: t, dir: t.TempDir(), patience: keyWait, log: &warnings{}, calls: &callCount{}}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	handler, err := json.Marshal(map[string]any{
		"version": "2.0", "logging": map[string]any{"logLevel": map[string]string{"Function.quiet": "None", "Host.Results": "Information"}},
		"customHandler": map[string]any{"description": map[string]any{"defaultExecutablePath": self, "arguments": []string{insightsHandler}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	function := `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous"},{"type":"http","direction":"out","name":"res"}]}`
	writeFiles(t, r.dir, map[string]string{"app/host.json": string(handler), "app/works/function.json": function, "app/fails/function.json": function, "app/quiet/function.json": function})
	cfg := config.Default(r.dir)
	cfg.AnyPort()
	cfg.Functions.Apps = map[string]config.App{"shop": {Path: "app"}}
	cfg.Insights.Components = map[string]config.Component{"second": {}}
	on, off := true, false
	cfg.Arm = &on
	writeFiles(t, r.dir, map[string]string{"policy.xml": `<policies><inbound><base /><trace source="shop" severity="error"><message>asked</message><metadata name="stage" value="in" /></trace>
		<emit-metric name="asked" value="2"><dimension name="API ID" /></emit-metric></inbound>
		<backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error></policies>`})
	cfg.Gateway.APIs = map[string]config.GatewayAPI{"shop": {
		Path: "shop", Backend: "app:shop/api", SubscriptionRequired: &off, Policy: "policy.xml", Operations: map[string]config.GatewayOperation{"work": {URLTemplate: "/works"}},
	}}
	ready := make(chan instance.Info, 1)
	r.app, err = Build(t.Context(), Options{Config: cfg, Log: testkit.Discard(), Ready: func(s Summary) { ready <- s.Info }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.app.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	r.info = <-ready

	t.Run("components", func(t *testing.T) {
		r.t = t
		for _, name := range []string{"default", "second"} {
			r.in = name
			code, text := r.call(http.MethodPost, r.url(instance.Insights)+"/v2.1/track", envelopeFor(r.component().Key, "EventData", `"name":"to `+name+`"`))
			if code != http.StatusOK {
				t.Fatal(code, text)
			}
			for _, place := range []string{"apps/" + name, "apps/" + r.component().AppID, "workspaces/" + r.component().AppID, strings.TrimPrefix(r.component().id, "/")} {
				rows := r.within(1, place, "customEvents")
				if len(rows) != 1 || rows[0]["name"] != "to "+name || rows[0]["appName"] != name || rows[0]["iKey"] != r.component().Key || rows[0]["_ResourceId"] == "" {
					t.Errorf("%s: %v", place, rows)
				}
			}
		}
	})

	t.Run("of Resource Manager", func(t *testing.T) {
		r.t = t
		c := r.arm()
		id := c.root() + "/resourceGroups/rg"
		if code, body := c.do(http.MethodPut, id, `{"location":"westeurope"}`); code >= 300 {
			t.Fatal(code, body)
		}
		id += "/providers/Microsoft.Insights/components/managed"
		code, body := c.do(http.MethodPut, id, `{"location":"westeurope","kind":"web","properties":{"Application_Type":"web"}}`)
		if code >= 300 {
			t.Fatal(code, body)
		}
		key, app := body.Text("properties", "InstrumentationKey"), body.Text("properties", "AppId")
		if code, text := r.call(http.MethodPost, r.url(instance.Insights)+"/v2/track", envelopeFor(key, "EventData", `"name":"managed"`), "Host", "westeurope-0.in.applicationinsights.azure.com"); code != http.StatusOK {
			t.Fatal(code, text)
		}
		for _, place := range []string{"apps/" + app, "apps/managed", strings.TrimPrefix(id, "/")} {
			if rows := r.within(1, place, "customEvents"); rows[0]["name"] != "managed" {
				t.Errorf("%s: %v", place, rows)
			}
		}
		if code, _ := c.do(http.MethodDelete, id, ""); code >= 300 {
			t.Fatal(code)
		}
		testkit.Eventually(t, 30*time.Second, func() bool {
			code, _ := r.call(http.MethodPost, r.url(instance.Insights)+"/v2/track", envelopeFor(key, "EventData", `"name":"late"`))
			return code == http.StatusBadRequest
		}, "a component that is gone takes nothing")
		testkit.Eventually(t, 30*time.Second, func() bool {
			_, err := os.Stat(filepath.Join(r.app.opts.Config.DataDir(), telemetryFolder, app))
			return errors.Is(err, fs.ErrNotExist)
		}, "and leaves nothing on the disk")
		if rows := r.within(1, "apps/default", "customEvents"); len(rows) == 0 {
			t.Error("the default component has lost what it had")
		}
	})

	t.Run("invocations", func(t *testing.T) {
		r.t = t
		const trace, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
		at := "http://" + r.info.Addresses["functions/shop"] + "/api/"
		code, own := r.call(http.MethodGet, at+"works?code=secret", "", "Traceparent", "00-"+trace+"-"+caller+"-01")
		if want := "InstrumentationKey=" + r.info.Accounts[0].Key; code != 201 || !strings.HasPrefix(own, "InstrumentationKey=") || strings.HasSuffix(own, ";") {
			t.Fatal(code, own, want)
		}
		r.call(http.MethodGet, at+"fails", "")
		r.call(http.MethodGet, at+"quiet", "")
		rows := r.within(3, "apps/default", "requests")
		var works map[string]any
		for _, row := range rows {
			if row["name"] == "works" {
				works = row
			}
			if row["name"] == "fails" && (row["success"] != "False" || row["resultCode"] != "500") {
				t.Error(row)
			}
		}
		for name, want := range map[string]any{
			"operation_Id": trace, "operation_ParentId": caller, "operation_Name": "works", "success": "True", "resultCode": "201", "cloud_RoleName": "shop", "itemType": "request", "url": at + "works",
		} {
			if works[name] != want {
				t.Errorf("%s is %v, want %v", name, works[name], want)
			}
		}
		var dimensions map[string]string
		if err := json.Unmarshal([]byte(fmt.Sprint(works["customDimensions"])), &dimensions); err != nil {
			t.Fatal(works, err)
		}
		id := dimensions["InvocationId"]
		if dimensions["Category"] != "Host.Results" || dimensions["FullName"] != "Functions.works" || dimensions["HttpMethod"] != "GET" || id == "" {
			t.Error(dimensions)
		}
		lines := r.within(5, "apps/default", "traces") // of works three, of fails two, of quiet none
		seen := map[string]bool{}
		for _, row := range lines {
			message := fmt.Sprint(row["message"])
			seen[strings.Split(message, ", Duration=")[0]] = true
			if strings.Contains(message, "quiet") {
				t.Errorf("a category without a level logs %s", message)
			}
			if row["operation_Id"] == trace && row["operation_ParentId"] != works["id"] {
				t.Errorf("%s is not in its request: %v", message, row["operation_ParentId"])
			}
		}
		for _, want := range []string{"Executing 'Functions.works' (Reason='This function was programmatically called via the host APIs.', Id=" + id + ")", "Executed 'Functions.works' (Succeeded, Id=" + id, "<b>said</b>"} {
			if !seen[want] {
				t.Errorf("no line %s in %v", want, seen)
			}
		}
		if rows := r.within(1, "apps/default", "exceptions"); rows[0]["operation_Name"] != "fails" {
			t.Error(rows)
		}
	})

	t.Run("through the gateway", func(t *testing.T) {
		r.t = t
		const trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
		at := r.url(instance.Gateway) + "/shop/works"
		if code, text := r.call(http.MethodGet, at+"?code=secret", "", "Traceparent", "00-"+trace+"-"+caller+"-01"); code != 201 {
			t.Fatal(code, text)
		}
		if code, text := r.call(http.MethodGet, r.url(instance.Gateway)+"/shop/nothing", "", "Traceparent", "00-"+trace+"-"+caller+"-01"); code != 404 {
			t.Fatal(code, text)
		}
		in := " | where operation_Id == '" + trace + "' and sdkVersion startswith 'apim' | extend d = customDimensions"
		calls := r.within(2, "apps/default", "requests"+in+" | order by resultCode asc | project id, operation_ParentId, operation_Name, name, resultCode, success, url, cloud_RoleName, tostring(d['API Name']), tostring(d['Operation Name'])")
		c := calls[0]
		if got := fmt.Sprint(c["operation_ParentId"], c["operation_Name"], c["name"], c["resultCode"], c["success"], c["url"], c["cloud_RoleName"]); got !=
			fmt.Sprint(caller, "shop;rev=1 - work", "GET /shop/works", "201", "True", at, "default.azure-api.net Local") {
			t.Error(c)
		}
		if c := calls[1]; c["resultCode"] != "404" || c["success"] != "False" || c["operation_Name"] != "shop;rev=1" {
			t.Error(c)
		}
		asked := r.within(1, "apps/default", "dependencies"+in)[0]
		if asked["operation_ParentId"] != c["id"] || asked["type"] != "Backend" || asked["target"] != "shop.azurewebsites.net" || asked["name"] != "GET /api/works" || asked["resultCode"] != "201" || strings.Contains(fmt.Sprint(asked), "secret") {
			t.Error(asked)
		}
		function := r.within(1, "apps/default", "requests | where operation_Id == '"+trace+"' and cloud_RoleName == 'shop'")[0]
		if function["operation_ParentId"] != asked["id"] {
			t.Errorf("%v is not in %v", function, asked)
		}
		line := r.within(1, "apps/default", "traces"+in+" | project message, severityLevel, operation_ParentId, stage = tostring(d.stage)")[0]
		if line["message"] != "asked" || line["severityLevel"] != 3.0 || line["operation_ParentId"] != c["id"] || line["stage"] != "in" {
			t.Error(line)
		}
		metric := r.within(1, "apps/default", "customMetrics"+in+" | project name, value, api = tostring(d['API ID'])")[0]
		if metric["name"] != "asked" || metric["value"] != 2.0 || metric["api"] != "shop" {
			t.Error(metric)
		}
		if failed := r.within(1, "apps/default", "exceptions"+in)[0]; failed["operation_ParentId"] != calls[1]["id"] {
			t.Error(failed)
		}
	})

	t.Run("as Prometheus reads it", func(t *testing.T) {
		r.t = t
		r.call(http.MethodGet, r.url(instance.Blob)+"/devstoreaccount1?comp=list", "") // without a key
		var text string
		testkit.Eventually(t, 60*time.Second, func() bool {
			var code int
			if code, text = r.call(http.MethodGet, r.url(instance.Portal)+"/metrics", ""); code != http.StatusOK {
				t.Fatal(code, text)
			}
			return strings.Contains(text, `lazuli_functions_executions_total{app="shop",function="fails",outcome="failed"} 1`)
		}, "a run that failed is counted")
		for _, want := range []string{
			`lazuli_functions_executions_total{app="shop",function="works",outcome="succeeded"} 2`, `lazuli_gateway_requests_total{api="shop",outcome="succeeded",service="default"} 1`,
			`lazuli_storage_transactions_total{account="devstoreaccount1",outcome="refused",service="blob"} 1`, "lazuli_cosmosdb_requests_total ", "lazuli_eventhubs_active_connections 0",
			"process_resident_memory_bytes ", "go_goroutines ", "# TYPE lazuli_gateway_requests_total counter", "# TYPE lazuli_eventhubs_active_connections gauge",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in\n%s", want, text)
			}
		}
		problems, err := promlint.New(strings.NewReader(text)).Lint()
		for _, p := range problems {
			if strings.HasPrefix(p.Metric, "lazuli_") {
				t.Error(p)
			}
		}
		if err != nil {
			t.Error(err)
		}
	})

	t.Run("without a name", func(t *testing.T) {
		r.t = t
		code, text := r.call(http.MethodPost, r.url(instance.Insights)+"/v1/apps/none/query", `{"query":"requests"}`)
		if code != http.StatusNotFound || !strings.Contains(text, "default, second") {
			t.Error(code, text)
		}
		if _, err := url.Parse(r.url(instance.Insights)); err != nil {
			t.Error(err)
		}
	})

	if _, err := os.Stat(filepath.Join(cfg.DataDir(), telemetryFolder)); err != nil {
		t.Error(err)
	}
}
