package cosmos

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/docstore"
)

func TestAccountNamesAReachableLocation(t *testing.T) {
	a := newAccount(t, nil)
	r := a.must(200, "GET", "/", "", nil).json(t)
	place := r["writableLocations"].([]any)[0].(map[string]any)
	if got, want := place["databaseAccountEndpoint"], a.server.URL+"/"; got != want {
		t.Errorf("endpoint %v, want %v", got, want)
	}
	if r["userConsistencyPolicy"].(map[string]any)["defaultConsistencyLevel"] != "Session" {
		t.Errorf("%v", r)
	}
	fixed := newAccount(t, func(c *Config) { c.AdvertisedEndpoint, c.Consistency = "https://cosmos.example:1", "Strong" })
	body := string(fixed.must(200, "GET", "/", "", nil).body)
	if !strings.Contains(body, `"https://cosmos.example:1/"`) || !strings.Contains(body, `"Strong"`) {
		t.Errorf("%s", body)
	}
}

func TestBadConfigurationIsRefused(t *testing.T) {
	good := newAccount(t, nil)
	for name, change := range map[string]func(*Config){
		"no store":          func(c *Config) { c.Store = docstore.Account{} },
		"no catalogue":      func(c *Config) { c.Exists = nil },
		"no log":            func(c *Config) { c.Log = nil },
		"no access":         func(c *Config) { c.Access = nil },
		"no key":            func(c *Config) { c.Access = &fakeAccess{} },
		"unknown level":     func(c *Config) { c.Consistency = "Mostly" },
		"endpoint no URL":   func(c *Config) { c.AdvertisedEndpoint = "localhost:8081" },
		"endpoint is a ftp": func(c *Config) { c.AdvertisedEndpoint = "ftp://localhost" },
	} {
		c := Config{Store: good.store.Account(1), Exists: good.service.exists, Log: good.service.log, Access: withKey(testKey)}
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestDatabases(t *testing.T) {
	a := newAccount(t, nil)
	r := a.must(201, "POST", "/dbs", `{"id":"one"}`, nil)
	if r.etag() != r.json(t)["_etag"] || r.json(t)["_colls"] != "colls/" {
		t.Errorf("%s", r.body)
	}
	a.must(409, "POST", "/dbs", `{"id":"one"}`, nil)
	a.must(201, "POST", "/dbs", `{"id":"Two words"}`, nil)
	a.must(200, "GET", "/dbs/Two%20words", "", nil)
	a.must(404, "GET", "/dbs/ONE", "", nil) // names are case-sensitive
	a.must(200, "GET", "/dbs/"+r.json(t)["_rid"].(string), "", nil)
	if n := a.must(200, "GET", "/dbs", "", nil).json(t)["_count"]; n != 2.0 {
		t.Errorf("%v databases", n)
	}
	q := a.must(200, "POST", "/dbs", `{"query":"SELECT * FROM root r WHERE r.id=@id","parameters":[{"name":"@id","value":"one"}]}`,
		headers{"x-ms-documentdb-query", "True", "Content-Type", "application/query+json"})
	if got := q.json(t)["Databases"].([]any); len(got) != 1 {
		t.Errorf("query found %v", got)
	}
	a.must(204, "DELETE", "/dbs/one", "", nil)
	a.must(404, "DELETE", "/dbs/one", "", nil)
	for _, bad := range []string{``, `{`, `{"id":1}`, `{}`, `{"id":""}`, `{"id":"a/b"}`, `[]`} {
		if r := a.call("POST", "/dbs", bad, nil); r.status != 400 {
			t.Errorf("%q: %d %s", bad, r.status, r.body)
		}
	}
}

func TestContainers(t *testing.T) {
	a := newAccount(t, nil)
	a.container("c", keyPK)
	r := a.must(200, "GET", "/dbs/d/colls/c", "", headers{"x-ms-documentdb-populatequotainfo", "True"})
	body := r.json(t)
	for _, name := range []string{"indexingPolicy", "partitionKey", "uniqueKeyPolicy", "conflictResolutionPolicy", "geospatialConfig", "_docs", "_rid", "_self", "_ts"} {
		if body[name] == nil {
			t.Errorf("the container has no %s: %s", name, r.body)
		}
	}
	if !strings.Contains(r.header.Get("x-ms-resource-usage"), "documentsCount=0;") {
		t.Errorf("usage %q", r.header.Get("x-ms-resource-usage"))
	}
	a.must(304, "GET", "/dbs/d/colls/c", "", headers{"If-None-Match", r.etag()})
	a.must(412, "PUT", "/dbs/d/colls/c", `{"id":"c",`+keyPK+`,"defaultTtl":60}`, headers{"If-Match", `"old"`})
	changed := a.must(200, "PUT", "/dbs/d/colls/c", `{"id":"c",`+keyPK+`,"defaultTtl":60}`, headers{"If-Match", r.etag()})
	if changed.json(t)["defaultTtl"] != 60.0 || changed.json(t)["_rid"] != body["_rid"] {
		t.Errorf("%s", changed.body)
	}
	a.must(400, "PUT", "/dbs/d/colls/c", `{"id":"c","partitionKey":{"paths":["/other"]}}`, nil)
	a.must(400, "PUT", "/dbs/d/colls/c", `{"id":"renamed",`+keyPK+`}`, nil)
	a.must(409, "POST", "/dbs/d/colls", `{"id":"c",`+keyPK+`}`, nil)
	if r := a.must(404, "POST", "/dbs/nix/colls", `{"id":"c",`+keyPK+`}`, nil); r.sub() != "1003" {
		t.Errorf("a missing database is sub-status %q", r.sub())
	}
	if r := a.must(404, "GET", "/dbs/d/colls/nix", "", nil); r.sub() != "" {
		t.Errorf("a missing container is sub-status %q for itself", r.sub())
	}
	if r := a.must(404, "GET", "/dbs/d/colls/nix/docs/1", "", pk("a")); r.sub() != "1003" {
		t.Errorf("a missing container is sub-status %q for its items", r.sub())
	}
	if n := a.must(200, "GET", "/dbs/d/colls", "", nil).json(t)["_count"]; n != 1.0 {
		t.Errorf("%v containers", n)
	}
	a.must(204, "DELETE", "/dbs/d/colls/c", "", nil)
	a.container("c", keyPK)
	again := a.must(200, "GET", "/dbs/d/colls/c", "", nil).json(t)
	if again["_rid"] == body["_rid"] {
		t.Error("a container made anew has the _rid of the old one")
	}
	if r := a.must(400, "GET", "/dbs/d/colls/c/docs", "", headers{"x-ms-cosmos-intended-collection-rid", body["_rid"].(string)}); r.sub() != "1024" {
		t.Errorf("the old _rid gives sub-status %q", r.sub())
	}
}

func TestContainerDefinitionsThatAreRefused(t *testing.T) {
	a := newAccount(t, nil)
	a.must(201, "POST", "/dbs", `{"id":"d"}`, nil)
	for _, definition := range []string{
		``, `{"id":"c"`, `{"id":"c"}`, `{` + keyPK + `}`, `{"id":"c","partitionKey":{"paths":[]}}`, `{"id":"c","partitionKey":{"paths":["pk"]}}`,
		`{"id":"c",` + keyPK + `,"defaultTtl":0}`, `{"id":"c",` + keyPK + `,"defaultTtl":-2}`, `{"id":"c",` + keyPK + `,"defaultTtl":"1"}`,
		`{"id":"c",` + keyPK + `,"indexingPolicy":{"indexingMode":"lazily"}}`,
		`{"id":"c",` + keyPK + `,"indexingPolicy":{"compositeIndexes":[[{"path":"/a","order":"up"},{"path":"/b"}]]}}`,
		`{"id":"c",` + keyPK + `,"computedProperties":[{"name":"x","query":"SELECT VALUE 1 FROM c"}]}`,
		`{"id":"c",` + keyPK + `,"vectorEmbeddingPolicy":{"vectorEmbeddings":[{"path":"/v"}]}}`,
		`{"id":"c",` + keyPK + `,"fullTextPolicy":{"fullTextPaths":[{"path":"/t"}]}}`,
		`{"id":"c",` + keyPK + `,"conflictResolutionPolicy":{"mode":"Custom","conflictResolutionProcedure":"dbs/d/colls/c/sprocs/s"}}`,
	} {
		if r := a.call("POST", "/dbs/d/colls", definition, nil); r.status != 400 {
			t.Errorf("%s: %d %s", definition, r.status, r.body)
		}
	}
	a.must(201, "POST", "/dbs/d/colls", `{"id":"c",`+keyPK+`,"computedProperties":[],"changeFeedPolicy":{"retentionDuration":0},"vectorEmbeddingPolicy":{"vectorEmbeddings":[]},"fullTextPolicy":null}`, nil)
}

func TestRangesEndWith304(t *testing.T) {
	a := newAccount(t, nil)
	a.container("c", keyPK)
	h := headers{"A-IM", "Incremental feed"}
	r := a.must(200, "GET", "/dbs/d/colls/c/pkranges", "", h)
	one := r.json(t)["PartitionKeyRanges"].([]any)[0].(map[string]any)
	if one["id"] != "0" || one["minInclusive"] != "" || one["maxExclusive"] != "FF" || r.etag() == "" {
		t.Errorf("%s", r.body)
	}
	a.must(304, "GET", "/dbs/d/colls/c/pkranges", "", h.and("If-None-Match", r.etag()))
	if r := a.must(410, "GET", "/dbs/d/colls/c/docs", "", headers{"x-ms-documentdb-partitionkeyrangeid", "7"}); r.sub() != "1002" {
		t.Errorf("an unknown range is sub-status %q", r.sub())
	}
}

func TestOffers(t *testing.T) {
	a := newAccount(t, nil)
	a.must(201, "POST", "/dbs", `{"id":"d"}`, nil)
	a.must(201, "POST", "/dbs", `{"id":"shared"}`, headers{"x-ms-offer-throughput", "1000"})
	c := a.must(201, "POST", "/dbs/d/colls", `{"id":"c",`+keyPK+`}`, headers{"x-ms-cosmos-offer-autopilot-settings", `{"maxThroughput":5000}`}).json(t)
	a.must(201, "POST", "/dbs/d/colls", `{"id":"plain",`+keyPK+`}`, nil)
	a.must(201, "POST", "/dbs/shared/colls", `{"id":"c",`+keyPK+`}`, nil)
	if n := a.must(200, "GET", "/offers", "", nil).json(t)["_count"]; n != 3.0 { // shared, c, plain
		t.Errorf("%v offers", n)
	}
	q := a.must(200, "POST", "/offers", `{"query":"SELECT * FROM c WHERE c.offerResourceId = '`+c["_rid"].(string)+`'"}`, headers{"Content-Type", "application/query+json"})
	offer := q.json(t)["Offers"].([]any)[0].(map[string]any)
	path := "/offers/" + offer["_rid"].(string)
	if offer["resource"] != c["_self"] || a.must(200, "GET", path, "", nil).json(t)["id"] != offer["id"] {
		t.Errorf("%v", offer)
	}
	put := a.must(200, "PUT", path, `{"content":{"offerThroughput":600}}`, nil)
	if put.json(t)["content"].(map[string]any)["offerThroughput"] != 600.0 || put.header.Get("x-ms-cosmos-min-throughput") == "" {
		t.Errorf("%s", put.body)
	}
	a.must(404, "GET", "/offers/AAAA", "", nil)
	a.must(404, "GET", "/offers/"+strings.ToLower(offer["_rid"].(string)), "", nil) // letter case tells _rids apart
	for _, bad := range []string{
		``, `{}`, `{"content":{}}`, `{"content":{"offerThroughput":450}}`, `{"content":{"offerThroughput":1000100}}`,
		`{"content":{"offerThroughput":400,"offerAutopilotSettings":{"maxThroughput":1500}}}`, `{"content":{"offerAutopilotSettings":7}}`,
		`{"content":{"offerAutopilotSettings":{"maxThroughput":2000000}}}`,
	} {
		if r := a.call("PUT", path, bad, nil); r.status != 400 {
			t.Errorf("%s: %d", bad, r.status)
		}
	}
	for _, bad := range []headers{{"x-ms-offer-throughput", "x"}, {"x-ms-offer-throughput", "100"}, {"x-ms-cosmos-offer-autopilot-settings", "{"}} {
		if r := a.call("POST", "/dbs", `{"id":"never"}`, bad); r.status != 400 {
			t.Errorf("%v: %d", bad, r.status)
		}
	}
}

// SDKs read content.offerThroughput of every offer, and send it back with
// changed autopilot settings.
func TestAutoscaleOffersCarryTheCurrentThroughput(t *testing.T) {
	a := newAccount(t, nil)
	auto := headers{"x-ms-cosmos-offer-autopilot-settings", `{"maxThroughput":4000}`}
	a.must(201, "POST", "/dbs", `{"id":"d"}`, auto)
	a.must(201, "POST", "/dbs/d/colls", `{"id":"c",`+keyPK+`}`, auto)
	for _, o := range a.must(200, "GET", "/offers", "", nil).json(t)["Offers"].([]any) {
		offer := o.(map[string]any)
		content := offer["content"].(map[string]any)
		settings := content["offerAutopilotSettings"].(map[string]any)
		if content["offerThroughput"] != 400.0 || settings["maxThroughput"] != 4000.0 {
			t.Errorf("content %v", content)
		}
		settings["maxThroughput"] = 6000
		body, err := json.Marshal(offer)
		if err != nil {
			t.Fatal(err)
		}
		path, rid := "/offers/"+offer["_rid"].(string), offer["_rid"].(string)
		r := a.callSigned("PUT", path, "offers", strings.ToLower(rid), string(body), nil)
		if r.status != 200 || !strings.Contains(string(r.body), `"content":{"offerThroughput":600,"offerAutopilotSettings":{"maxThroughput":6000}}`) {
			t.Errorf("replaced: %d %s", r.status, r.body)
		}
		if read := a.must(200, "GET", path, "", nil); string(read.body) != string(r.body) {
			t.Errorf("read back: %s", read.body)
		}
		r = a.must(200, "PUT", path, `{"content":{"offerThroughput":1000}}`, nil)
		if !strings.Contains(string(r.body), `"content":{"offerThroughput":1000},`) {
			t.Errorf("manual again: %s", r.body)
		}
	}
}

// Java writes the version of a partition key as the name of its constant.
func TestPartitionKeyVersions(t *testing.T) {
	a := newAccount(t, nil)
	a.must(201, "POST", "/dbs", `{"id":"d"}`, nil)
	for i, tt := range []struct{ key, want string }{
		{`{"paths":["/t","/u"],"kind":"MultiHash","version":"V2"}`, `"partitionKey":{"paths":["/t","/u"],"kind":"MultiHash","version":2}`},
		{`{"paths":["/t"],"kind":"Hash","version":"V1"}`, `"partitionKey":{"paths":["/t"],"kind":"Hash","version":1}`},
		{`{"paths":["/t"],"kind":"Hash","version":2}`, `"version":2}`},
		{`{"paths":["/t"],"kind":"Hash","version":null}`, `"version":1}`},
		{`{"paths":["/t"]}`, `"partitionKey":{"paths":["/t"],"kind":"Hash","version":1}`},
	} {
		r := a.call("POST", "/dbs/d/colls", fmt.Sprintf(`{"id":"c%d","partitionKey":%s}`, i, tt.key), nil)
		if r.status != 201 || !strings.Contains(string(r.body), tt.want) {
			t.Errorf("%s: %d %s", tt.key, r.status, r.body)
		}
	}
	for _, version := range []string{`"V9"`, `3`, `"two"`, `1.5`, `[]`, `{}`, `true`} {
		r := a.call("POST", "/dbs/d/colls", `{"id":"bad","partitionKey":{"paths":["/t"],"kind":"Hash","version":`+version+`}}`, nil)
		if r.status != 400 || !strings.Contains(string(r.body), "version") {
			t.Errorf("version %s: %d %s", version, r.status, r.body)
		}
	}
}

// A body of the wrong shape is refused in the client's terms: the property's
// path and what JSON calls the types, no Go.
func TestWrongTypesAreNamedInTheClientsTerms(t *testing.T) {
	a := newAccount(t, nil)
	a.must(201, "POST", "/dbs", `{"id":"d"}`, headers{"x-ms-offer-throughput", "400"})
	offer := a.must(200, "GET", "/offers", "", nil).json(t)["Offers"].([]any)[0].(map[string]any)["_rid"].(string)
	for _, tt := range []struct{ method, path, body, want string }{
		{"POST", "/dbs", `{"id":1}`, "the property 'id' is a number where the service expects a string"},
		{"POST", "/dbs", `[]`, "it is an array where the service expects an object"},
		{"POST", "/dbs/d/colls", `{"id":"c","partitionKey":{"paths":"/pk"}}`, "'partitionKey.paths' is a string where the service expects an array"},
		{"POST", "/dbs/d/colls", `{"id":"c",` + keyPK + `,"defaultTtl":1.5}`, "'defaultTtl' is a number where the service expects a whole number"},
		{"POST", "/dbs/d/colls", `{"id":"c",` + keyPK + `,"indexingPolicy":{"automatic":"yes"}}`, "'automatic' is a string where the service expects true or false"},
		{"POST", "/dbs/d/colls", `{"id":"c",` + keyPK + `,"uniqueKeyPolicy":[]}`, "'uniqueKeyPolicy' is an array where the service expects an object"},
		{"POST", "/dbs/d/colls", `{"id":"c",` + keyPK + `,"conflictResolutionPolicy":5}`, "it is a number where the service expects an object"},
		{"PUT", "/offers/" + offer, `{"content":{"offerThroughput":"many"}}`, "'offerThroughput' is a string where the service expects a whole number"},
		{"PUT", "/offers/" + offer, `{"content":{"offerAutopilotSettings":{"maxThroughput":[]}}}`, "'maxThroughput' is an array where the service expects a whole number"},
	} {
		r := a.must(400, tt.method, tt.path, tt.body, nil)
		if text := string(r.body); !strings.Contains(text, tt.want) || strings.Contains(text, "Go ") || strings.Contains(text, "unmarshal") {
			t.Errorf("%s %s: %s; want %s", tt.path, tt.body, text, tt.want)
		}
	}
	a.must(201, "POST", "/dbs/d/colls", `{"id":"c",`+keyPK+`}`, nil)
	for _, key := range []string{`{"a":1}`, `["a"`, `7`, `"a"`, `[[1]]`, `[{"a":1}]`, `null`} {
		r := a.must(400, "GET", "/dbs/d/colls/c/docs", "", headers{"x-ms-documentdb-partitionkey", key})
		if text := string(r.body); !strings.Contains(text, "expected a JSON array of scalars") || strings.Contains(text, "Go ") || strings.Contains(text, "json:") {
			t.Errorf("key %s: %s", key, text)
		}
	}
}

func TestTheAuthorityIsServedAsByTheEmulator(t *testing.T) {
	const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	a := newAccount(t, func(c *Config) { c.Authority = []byte(pem) })
	get := func(method string) (int, string) {
		req, err := http.NewRequest(method, a.server.URL+"/_explorer/emulator.pem", nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := a.server.Client().Do(req) // unsigned, as curl does
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(body)
	}
	if status, body := get("GET"); status != 200 || body != pem {
		t.Errorf("%d %q", status, body)
	}
	if status, _ := get("POST"); status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", status)
	}
	if r := newAccount(t, nil).call("GET", "/_explorer/emulator.pem", "", nil); r.status != 404 {
		t.Errorf("without an authority: %d", r.status)
	}
}

func TestRefusedFeaturesNameThemselves(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	coll := strings.TrimSuffix(docs, "/docs")
	for _, tt := range []struct {
		method, path, body, want string
		h                        headers
	}{
		{"POST", coll + "/sprocs", `{"id":"s","body":"function(){}"}`, "Stored procedures", nil},
		{"POST", coll + "/sprocs/s", `[]`, "Stored procedures", nil},
		{"POST", coll + "/triggers", `{"id":"t"}`, "Triggers", nil},
		{"POST", coll + "/udfs", `{"id":"u"}`, "User defined functions", nil},
		{"POST", "/dbs/d/users", `{"id":"u"}`, "resource tokens", nil},
		{"POST", "/dbs/d/clientencryptionkeys", `{"id":"k"}`, "encryption keys", nil},
		{"GET", "//addresses/?$resolveFor=dbs", ``, "Direct mode", headers{"Authorization", signature(testKey, "GET", "docs", "dbs/d/colls/c", "x")}},
		{"POST", docs, "\x81\x01", "HybridRow", headers{"x-ms-cosmos-is-batch-request", "True", "x-ms-cosmos-batch-atomic", "True"}},
		{"GET", docs, ``, "all versions and deletes", headers{"A-IM", "Full-Fidelity Feed"}},
		{"GET", docs, ``, "all versions and deletes", headers{"A-IM", "Full-Fidelity Feed", "x-ms-cosmos-changefeed-wire-format-version", "2021-09-15"}},
		{"POST", "/dbs/d/colls", `{"id":"f",` + keyPK + `,"changeFeedPolicy":{"retentionDuration":10}}`, "all versions and deletes", nil},
		{"POST", coll + "/operations/collectiontruncate", ``, "collectiontruncate", nil},
		{"POST", docs, `{"id":"1","pk":"a"}`, "Triggers: 'check'", pk("a").and("x-ms-documentdb-pre-trigger-include", "check")},
		{"POST", docs, `{"query":"SELECT udf.f(c) FROM c"}`, "udf", headers{"x-ms-documentdb-isquery", "true"}},
	} {
		r := a.must(400, tt.method, tt.path, tt.body, tt.h)
		if !strings.Contains(string(r.body), tt.want) {
			t.Errorf("%s %s does not name %q: %s", tt.method, tt.path, tt.want, r.body)
		}
	}
	for _, list := range []string{"/sprocs", "/triggers", "/udfs", "/conflicts"} {
		if r := a.must(200, "GET", coll+list, "", nil); r.json(t)["_count"] != 0.0 {
			t.Errorf("%s lists %s", list, r.body)
		}
	}
	a.must(404, "GET", coll+"/sprocs/s", "", nil)
	a.must(404, "GET", "/dbs/d/colls/nix/sprocs", "", nil)
	a.must(405, "PATCH", "/dbs/d", "", nil)
	a.must(400, "GET", "/nothing/here", "", nil)
}
