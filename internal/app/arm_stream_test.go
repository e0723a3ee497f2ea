package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/arm/streamanalytics"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/identity"
	pagejobs "github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const (
	armJob    = "Microsoft.StreamAnalytics/streamingjobs/solar-job"
	hubSource = `"datasource":{"type":"Microsoft.EventHub/EventHub","properties":{"serviceBusNamespace":"contoso-evhns","eventHubName":"telemetry","authenticationMode":"Msi"}}`
	jsonRows  = `"serialization":{"type":"Json","properties":{"encoding":"UTF8"}}`
	udf       = `"binding":{"type":"Microsoft.StreamAnalytics/JavascriptUdf","properties":{"script":"function (x) { return 2 * x; }"}}`
)

// armStreamCases are a job over the hub of armHubCases.
func armStreamCases() []armCase {
	return []armCase{
		{
			id: armJob, body: `{"location":"westeurope","identity":{"type":"SystemAssigned"},"properties":{"sku":{"name":"Standard"},"compatibilityLevel":"1.2","eventsOutOfOrderPolicy":"Drop","eventsLateArrivalMaxDelayInSeconds":60,"outputErrorPolicy":"Drop",` +
				`"transformation":{"name":"main","properties":{"streamingUnits":3,"query":"SELECT * INTO out FROM input"}}}}`,
			want: map[string]string{
				"properties.jobId": "*", "properties.jobType": "Cloud", "properties.sku.name": "Standard", "properties.dataLocale": "en-US", "identity.principalId": "*",
				"properties.eventsLateArrivalMaxDelayInSeconds": "60", "properties.eventsOutOfOrderMaxDelayInSeconds": "0", "properties.provisioningState": "Succeeded",
				"properties.transformation": "null",
			},
		},
		{
			id: armJob + "/transformations/main", stay: true, body: `{"properties":{"streamingUnits":6,"query":"SELECT udf.twice(x) AS x INTO out FROM input"}}`,
			want: map[string]string{"properties.streamingUnits": "6", "properties.query": "SELECT udf.twice(x) AS x INTO out FROM input"},
		},
		{
			id: armJob + "/inputs/input", body: `{"properties":{"type":"Stream",` + hubSource + `,` + jsonRows + `}}`,
			want: map[string]string{"properties.datasource.properties.eventHubName": "telemetry", "properties.serialization.type": "Json"},
			does: []armAct{{call: "POST test", want: map[string]string{"status": "TestFailed", "error.code": "AuthorizationFailed"}}}, // no role
		},
		{
			id: armJob + "/outputs/out", body: `{"properties":{` + strings.Replace(hubSource, `"authenticationMode":"Msi"`, `"sharedAccessPolicyName":"app","sharedAccessPolicyKey":"wrong"`, 1) + `,` + jsonRows + `}}`,
			want: map[string]string{"properties.datasource.properties.sharedAccessPolicyName": "app", "properties.datasource.properties.sharedAccessPolicyKey": "null"},
			does: []armAct{{call: "POST test", want: map[string]string{"status": "TestFailed", "error.code": "AuthorizationFailed"}}},
		},
		{
			id: armJob + "/functions/twice", body: `{"properties":{"type":"Scalar","properties":{"inputs":[{"dataType":"float"}],"output":{"dataType":"float"},` + udf + `}}}`,
			want: map[string]string{"properties.properties.inputs.0.dataType": "float"},
		},
	}
}

// streamRig is a job of Resource Manager between a hub and a container of its making.
type streamRig struct {
	armClient
	job string
}

const streamGroup = "/S/resourceGroups/rg/providers/"

func (r *rig) stream() streamRig {
	return streamRig{r.arm(), streamGroup + "Microsoft.StreamAnalytics/streamingjobs/solar"}
}

// make makes the accounts and the job, as a configuration of Terraform does.
func (s streamRig) make() {
	const hubs, docs = streamGroup + "Microsoft.EventHub/namespaces/solar-evhns", streamGroup + "Microsoft.DocumentDB/databaseAccounts/solar-cosmos"
	s.ok("PUT", "/S/resourceGroups/rg", `{"location":"westeurope"}`)
	s.ok("PUT", hubs, `{"location":"westeurope","sku":{"name":"Standard"},"properties":{}}`)
	s.ok("PUT", hubs+"/eventhubs/readings", `{"properties":{"partitionCount":1,"messageRetentionInDays":1}}`)
	s.ok("PUT", docs, `{"location":"westeurope","kind":"GlobalDocumentDB","properties":{"databaseAccountOfferType":"Standard","locations":[{"locationName":"westeurope","failoverPriority":0}]}}`)
	s.ok("PUT", docs+"/sqlDatabases/db", `{"properties":{"resource":{"id":"db"}}}`)
	s.ok("PUT", docs+"/sqlDatabases/db/containers/docs", `{"properties":{"resource":{"id":"docs","partitionKey":{"paths":["/id"],"kind":"Hash"}}}}`)
	_, rule := s.do("POST", hubs+"/authorizationRules/RootManageSharedAccessKey/listKeys", "")
	_, keys := s.do("POST", docs+"/listKeys", "")
	s.ok("PUT", s.job, `{"location":"westeurope","properties":{"sku":{"name":"Standard"},"compatibilityLevel":"1.2","transformation":{"name":"main","properties":{"streamingUnits":3,"query":"SELECT id, udf.twice(x) AS y INTO docs FROM readings WHERE x > 1"}}}}`)
	s.ok("PUT", s.job+"/inputs/readings", fmt.Sprintf(`{"properties":{"type":"Stream","datasource":{"type":"Microsoft.EventHub/EventHub","properties":{"serviceBusNamespace":"solar-evhns","eventHubName":"readings","consumerGroupName":"$Default","sharedAccessPolicyName":"RootManageSharedAccessKey","sharedAccessPolicyKey":%q}},%s}}`, rule.Text("primaryKey"), jsonRows))
	s.ok("PUT", s.job+"/outputs/docs", fmt.Sprintf(`{"properties":{"datasource":{"type":"Microsoft.Storage/DocumentDB","properties":{"accountId":"solar-cosmos","accountKey":%q,"database":"db","collectionNamePattern":"docs","documentId":"id"}}}}`, keys.Text("primaryMasterKey")))
	s.ok("PUT", s.job+"/functions/twice", `{"properties":{"type":"Scalar","properties":{"inputs":[{"dataType":"float"}],"output":{"dataType":"float"},`+udf+`}}}`)
}

// state checks the job's state, as Resource Manager and the portal have it.
func (s streamRig) state(want string) arm.Body {
	s.r.t.Helper()
	_, b := s.do("GET", s.job+"?$expand=transformation,inputs,outputs,functions", "")
	if got := b.Text("properties", "jobState"); got != want {
		s.r.t.Errorf("the state is %s, want %s: %v", got, want, b)
	}
	shown := strings.ToLower(strings.Replace(want, "Created", "Stopped", 1))
	var all []pagejobs.State
	if fault := s.r.portal("GET", "/api/jobs", "", &all); fault != "" || len(all) != 1 || all[0].State != shown || all[0].Name != "solar" || len(all[0].Inputs) != 1 {
		s.r.t.Errorf("the portal shows %+v %s, want one that is %s", all, fault, shown)
	}
	return b
}

// send sends to the hub, and waits for the documents.
func (s streamRig) send(body string, ids ...string) {
	t, e := s.r.t, s.r.app.house
	t.Helper()
	hubs, err := e.Exists.Account(resource.Namespaces, "solar-evhns")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := e.Exists.Account(resource.CosmosAccounts, "solar-cosmos")
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		send(t, e.Storage.broker.Namespace(hubs.ID), "readings", 0, body)
	}
	c, err := e.containersOf(docs).Find("db", "docs")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	testkit.Eventually(t, jobWait, func() bool {
		items, _, err := c.Changes(t.Context(), 0, docstore.ChangeOptions{Max: 100})
		if err != nil {
			t.Fatal(err)
		}
		got = got[:0]
		for i := range items {
			got = append(got, string(items[i].Body))
		}
		return len(got) >= len(ids)
	}, "the documents %v", ids)
	for _, id := range ids {
		if !slices.ContainsFunc(got, func(d string) bool { return strings.Contains(d, `"id":"`+id) }) || len(got) != len(ids) {
			t.Errorf("documents %v, want %v", got, ids)
		}
	}
}

// refused checks a refusal.
func (s streamRig) refused(method, path, body string, status int, text string) {
	s.r.t.Helper()
	code, b := s.do(method, s.job+path, body)
	if code != status || !strings.Contains(b.Text("error", "message"), text) {
		s.r.t.Errorf("%s %s: %d %v, want %d with %q", method, path, code, b, status, text)
	}
}

// TestStreamJobByResourceManager takes a job that Resource Manager makes through its
// life: it is started and stopped by the wire, goes on in the next process where it was,
// and leaves nothing behind.
func TestStreamJobByResourceManager(t *testing.T) {
	testkit.NoLeaks(t)
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	r, dir := &rig{t: t, patience: keyWait}, t.TempDir()
	data := filepath.Join(dir, ".lazuli", jobsFolder, "solar")
	again := func(probe func(s streamRig)) {
		t.Helper()
		r.again(dir, "arm: true\nidentity: {mode: enforce}", func() { probe(r.stream()) })
	}
	again(func(s streamRig) {
		s.make()
		b := s.state("Created")
		s.holds("the job", b, map[string]string{
			"properties.transformation.properties.streamingUnits": "3", "properties.inputs.0.name": "readings", "properties.functions.0.name": "twice",
			"properties.outputs.0.properties.datasource.properties.accountId": "solar-cosmos", "properties.outputs.0.properties.datasource.properties.accountKey": "null",
			"properties.inputs.0.properties.datasource.properties.sharedAccessPolicyKey": "null",
		})
		s.refused("POST", "/start", `{"outputStartMode":"LastOutputEventTime"}`, 400, "needs a job that has run")
		s.refused("POST", "/start", `{"outputStartMode":"CustomTime"}`, 400, "outputStartTime")
		s.ok("POST", s.job+"/start", `{"outputStartMode":"JobStartTime"}`)
		s.began(s.state("Running"), "JobStartTime", "")
		s.send(`{"id":"a","x":2}`, "a")
		s.refused("POST", "/start", "", 409, "not in a valid state")
		s.refused("DELETE", "/inputs/readings", "", 409, "not in a valid state")
		s.refused("PUT", "/transformations/main", `{"properties":{"query":"SELECT id INTO docs FROM readings"}}`, 409, "not in a valid state")
		s.ok("PATCH", s.job+"/transformations/main", `{"properties":{"streamingUnits":12}}`)
		s.ok("PATCH", s.job, `{"tags":{"a":"b"}}`)
		s.began(s.state("Running"), "JobStartTime", "")
	})
	again(func(s streamRig) { // it goes on by itself
		s.state("Running")
		s.send(`{"id":"b","x":3}`, "a", "b")
		s.ok("POST", s.job+"/stop", "")
		if b := s.state("Stopped"); b.Text("properties", "lastOutputEventTime") == "" {
			t.Errorf("without lastOutputEventTime: %v", b)
		}
		s.send(`{"id":"c","x":4}`, "a", "b")
	})
	again(func(s streamRig) { // it stays stopped, and goes on when it is told to
		s.state("Stopped")
		s.ok("POST", s.job+"/start", `{"outputStartMode":"LastOutputEventTime"}`)
		s.began(s.state("Running"), "LastOutputEventTime", "")
		s.send("", "a", "b", "c")
		s.ok("POST", s.job+"/stop", "")
		s.ok("POST", s.job+"/start", `{"outputStartMode":"customTime","outputStartTime":"2026-01-31T00:00:00Z"}`)
		s.began(s.state("Running"), "CustomTime", "2026-01-31T00:00:00Z")
		s.ok("POST", s.job+"/stop", "")
		s.edited()
		if code, b := s.do("DELETE", s.job, ""); code != 204 {
			t.Errorf("DELETE: %d %v", code, b)
		}
		if _, err := os.Stat(data); !os.IsNotExist(err) {
			t.Errorf("left on the disk: %v", err)
		}
		if ran, err := r.app.house.deployed.set.Ran("solar"); ran || err != nil {
			t.Errorf("left in the store: %v %v", ran, err)
		}
	})
}

// began demands how the job says that it was started last.
func (s streamRig) began(b arm.Body, mode, at string) {
	s.r.t.Helper()
	if got := [2]string{b.Text("properties", "outputStartMode"), b.Text("properties", "outputStartTime")}; got != [2]string{mode, at} {
		s.r.t.Errorf("it was started by %q, want %q %q", got, mode, at)
	}
}

// edited changes the job that stands: with mistakes, in the portal, and to roles that
// are not there.
func (s streamRig) edited() {
	t := s.r.t
	t.Helper()
	s.refused("PUT", "/transformations/main", `{"properties":{"query":"SELECT id\nINTO docs FRM readings"}}`, 400, "line '2' and column '11'")
	s.refused("PUT", "/transformations/other", `{"properties":{"query":"SELECT id INTO docs FROM readings"}}`, 409, "can have no other")
	s.ok("PUT", s.job+"/transformations/main", `{"properties":{"query":"SELECT id INTO docs FROM elsewhere"}}`)
	s.refused("POST", "/start", "", 400, "line '1' and column '26'")
	s.state("Failed")
	var file pagejobs.QueryFile
	if fault := s.r.portal("GET", "/api/jobs/solar/query", "", &file); !strings.Contains(fault, "elsewhere") {
		t.Errorf("the editor shows a query that does not compile: %+v %s", file, fault)
	}
	s.ok("PUT", s.job+"/transformations/main", `{"properties":{"query":"SELECT id INTO docs FROM readings"}}`)
	if fault := s.r.portal("GET", "/api/jobs/solar/query", "", &file); file.Text != "SELECT id INTO docs FROM readings" {
		t.Errorf("the editor has %+v %s", file, fault)
	}
	var about pagejobs.About
	if fault := s.r.portal("GET", "/api/jobs/solar", "", &about); len(about.Diagram.Nodes) == 0 || len(about.Outputs) != 1 {
		t.Errorf("the page has %+v %s", about, fault)
	}
	s.ok("PUT", s.job+"/inputs/readings", `{"properties":{"type":"Stream",`+strings.NewReplacer("contoso-evhns", "solar-evhns", "telemetry", "readings").Replace(hubSource)+`,`+jsonRows+`}}`)
	s.refused("POST", "/start", "", 403, "no identity of its own")
	s.ok("PATCH", s.job, `{"identity":{"type":"SystemAssigned"}}`)
	s.refused("POST", "/start", "", 403, "Microsoft.EventHub/namespaces/messages/receive/action")
	job := identity.Resource.Named(streamanalytics.PrincipalName("solar"))
	who := s.r.app.house.Who
	if _, err := who.Assign(job, "Azure Event Hubs Data Receiver", who.Scope(resource.Namespaces, "solar-evhns")); err != nil {
		t.Fatal(err)
	}
	if code, b := s.do("POST", s.job+"/inputs/readings/test", ""); code != 200 || b.Text("status") != "TestSucceeded" {
		t.Errorf("the input's test: %d %v", code, b)
	}
	s.ok("POST", s.job+"/start", "")
	s.send(`{"id":"d"}`, "a", "b", "c", "d")
	s.ok("POST", s.job+"/stop", "")
	for path, want := range map[string]struct{ body, text string }{
		"/inputs/x":    {`{"properties":{"type":"Stream","datasource":{"type":"Microsoft.Devices/IotHubs","properties":{}},` + jsonRows + `}}`, "'Microsoft.Devices/IotHubs'"},
		"/inputs/y":    {`{"properties":{"type":"Stream",` + hubSource + `,"serialization":{"type":"Avro"}}}`, "'Avro'"},
		"/outputs/x":   {`{"properties":{"datasource":{"type":"Microsoft.Storage/Table","properties":{}}}}`, "'Microsoft.Storage/Table'"},
		"/outputs/y":   {`{"properties":{"datasource":{"type":"Microsoft.Storage/DocumentDB","properties":{"accountId":"a"}}}}`, "'database'"},
		"/functions/x": {`{"properties":{"type":"Scalar","properties":{"binding":{"type":"Microsoft.MachineLearning/WebService"}}}}`, "Microsoft.MachineLearning/WebService"},
		"/functions/y": {`{"properties":{"type":"Scalar","properties":{"binding":{"type":"Microsoft.StreamAnalytics/JavascriptUdf","properties":{"script":"function ( {"}}}}}`, "does not load"},
		"":             {`{"location":"westeurope","properties":{"compatibilityLevel":"1.0"}}`, "compatibilityLevel"},
	} {
		s.refused("PUT", path, want.body, 400, want.text)
	}
}
