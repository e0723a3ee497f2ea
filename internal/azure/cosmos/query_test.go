package cosmos

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/cosmossql"
	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// asQuery are the headers of a query.
var asQuery = headers{"Content-Type", "application/query+json", "x-ms-documentdb-isquery", "True", "x-ms-documentdb-query-enablecrosspartition", "True"}

// devices creates a container of 20 readings of 4 devices.
func (a *testAccount) devices() string {
	a.t.Helper()
	docs := a.container("c", keyPK)
	for i := range 20 {
		key := fmt.Sprintf("d%d", i%4)
		a.must(201, "POST", docs, fmt.Sprintf(`{"id":"%02d","pk":"%s","ts":%d,"data":{"temperature":%d.5}}`, i, key, 1000+i, 30+i), pk(key))
	}
	return docs
}

func TestQueries(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.devices()
	for _, tt := range []struct {
		sql  string
		h    headers
		want string
	}{
		{"SELECT VALUE COUNT(1) FROM c", nil, `[20]`},
		{"SELECT VALUE COUNT(1) FROM c", pk("d1"), `[5]`},
		{"SELECT VALUE COUNT(1) FROM c WHERE c.pk = 'd1'", nil, `[5]`},
		{"SELECT TOP 3 VALUE c.id FROM c ORDER BY c.ts DESC", nil, `["19","18","17"]`},
		{"SELECT TOP 2 VALUE c.id FROM c WHERE c.pk = 'd2' ORDER BY c.ts DESC", nil, `["18","14"]`},
		{"SELECT TOP 2 VALUE c.id FROM c ORDER BY c.ts DESC", pk("d2"), `["18","14"]`},
		{"SELECT VALUE c.id FROM c WHERE c.data.temperature > 47 ORDER BY c.ts DESC", nil, `["19","18","17"]`},
		{"SELECT VALUE c.id FROM c WHERE c.data.temperature > 47", nil, `["17","18","19"]`},
		{"SELECT c.pk AS device, COUNT(1) AS n FROM c GROUP BY c.pk", nil, `[{"device":"d0","n":5},{"device":"d1","n":5},{"device":"d2","n":5},{"device":"d3","n":5}]`},
		{"SELECT VALUE c.id FROM c WHERE c.pk = 'd0' AND c.id = '04'", nil, `["04"]`},
		{"SELECT VALUE c.id FROM c WHERE c.id = '04'", pk("d0"), `["04"]`},
		{"SELECT VALUE c.id FROM c WHERE c.id = '04'", pk("d1"), `[]`},
		{"SELECT VALUE c.id FROM c WHERE c.id IN ('04','05','99')", nil, `["04","05"]`},
		{"SELECT VALUE c.id FROM c WHERE (c.id = '04' AND c.pk = 'd0') OR (c.id = '05' AND c.pk = 'd1')", nil, `["04","05"]`},
		{"SELECT VALUE c.id FROM c OFFSET 18 LIMIT 5", nil, `["18","19"]`},
		{"SELECT DISTINCT VALUE c.pk FROM c", nil, `["d0","d1","d2","d3"]`},
		{"SELECT VALUE AVG(c.ts) FROM c", nil, `[1009.5]`},
		{"SELECT * FROM c WHERE c.pk = 'none'", nil, `[]`},
	} {
		got, err := json.Marshal(a.query(docs, tt.sql, tt.h))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != tt.want {
			t.Errorf("%s %v:\n got %s\nwant %s", tt.sql, tt.h, got, tt.want)
		}
	}
}

func TestQueryPagesResumeAfterEachOther(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.devices()
	for _, sql := range []string{
		"SELECT c.id FROM c", "SELECT c.id FROM c ORDER BY c.ts", "SELECT c.id FROM c ORDER BY c.ts DESC",
		"SELECT c.id FROM c WHERE c.data.temperature >= 0 ORDER BY c.data.temperature", "SELECT c.id FROM c ORDER BY c.pk, c.ts",
	} {
		body := `{"query":` + string(appendQuoted(nil, sql)) + `}`
		seen := map[string]bool{}
		token, pages := "", 0
		for ; pages == 0 || token != ""; pages++ {
			if pages > 20 {
				t.Fatalf("%s does not end", sql)
			}
			r := a.must(200, "POST", docs, body, asQuery.and("x-ms-max-item-count", "6", "x-ms-continuation", token))
			for _, id := range strings.Fields(ids(t, r)) {
				if seen[id] {
					t.Errorf("%s: %s comes twice", sql, id)
				}
				seen[id] = true
			}
			token = r.header.Get("x-ms-continuation")
			if len(token) > 1024 {
				t.Errorf("%s: a continuation of %d bytes", sql, len(token))
			}
		}
		if len(seen) != 20 || pages != 4 {
			t.Errorf("%s: %d documents on %d pages", sql, len(seen), pages)
		}
	}
	a.must(400, "POST", docs, `{"query":"SELECT * FROM c"}`, asQuery.and("x-ms-continuation", "garbage"))
}

func TestQueryParametersAndMetrics(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.devices()
	body := `{"query":"SELECT VALUE c.id FROM c WHERE c.pk = @pk AND ARRAY_CONTAINS(@ids, c.id)","parameters":[{"name":"@pk","value":"d1"},{"name":"@ids","value":["05","06"]}]}`
	r := a.must(200, "POST", docs, body, asQuery.and("x-ms-documentdb-populatequerymetrics", "true", "x-ms-cosmos-populateindexmetrics", "true"))
	if got := r.json(t)["Documents"].([]any); len(got) != 1 || got[0] != "05" {
		t.Errorf("%s", r.body)
	}
	if m := r.header.Get("x-ms-documentdb-query-metrics"); !strings.Contains(m, "outputDocumentCount=1;") {
		t.Errorf("metrics %q", m)
	}
	if r.header.Get("x-ms-cosmos-index-utilization") == "" {
		t.Error("no index metrics")
	}
	r = a.must(200, "POST", docs, body, asQuery)
	if r.header.Get("x-ms-documentdb-query-metrics")+r.header.Get("x-ms-cosmos-index-utilization") != "" {
		t.Error("metrics that nobody asked for")
	}
}

func TestQueryErrorsHavePositions(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	for _, h := range []headers{asQuery, {"x-ms-cosmos-is-query-plan-request", "True"}} {
		r := a.must(400, "POST", docs, `{"query":"SELECT * FROM c WHERE c.a = = 1"}`, h)
		var e struct{ Message string }
		if err := json.Unmarshal(r.body, &e); err != nil {
			t.Fatal(err)
		}
		text, _, _ := strings.Cut(e.Message, "\r\n")
		var list struct {
			Errors []struct {
				Severity, Code, Message string
				Location                struct{ Start, End int }
			}
		}
		if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Errors) != 1 {
			t.Fatalf("message %q: %v", text, err)
		}
		if e := list.Errors[0]; e.Severity != "Error" || e.Code != "SC1001" || e.Location.Start != 28 || e.Location.End != 29 {
			t.Errorf("%+v", e)
		}
	}
	for _, bad := range []string{``, `[]`, `{}`, `{"query":1}`, `{"query":"SELECT 1","parameters":{}}`, `{"query":"SELECT 1","parameters":[{"name":"x","value":1}]}`, `{"query":"SELECT @x FROM c"}`} {
		if r := a.call("POST", docs, bad, asQuery); r.status != 400 {
			t.Errorf("%s: %d %s", bad, r.status, r.body)
		}
	}
}

func TestQueryPlanLeavesNothingToDo(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	r := a.must(200, "POST", docs, `{"query":"SELECT c.pk, COUNT(1) FROM c GROUP BY c.pk"}`, asQuery.and("x-ms-cosmos-is-query-plan-request", "True")).json(t)
	info := r["queryInfo"].(map[string]any)
	if info["rewrittenQuery"] != "" || info["distinctType"] != "None" || len(info["orderBy"].([]any)) != 0 {
		t.Errorf("%v", r)
	}
	if span := r["queryRanges"].([]any)[0].(map[string]any); span["min"] != "" || span["max"] != "FF" {
		t.Errorf("%v", span)
	}
}

func TestStrictGatewayRefusesWhatAzuresDoes(t *testing.T) {
	a := newAccount(t, func(c *Config) { c.StrictGateway = true })
	docs := a.devices()
	sorted := `{"query":"SELECT * FROM c ORDER BY c.ts"}`
	r := a.must(400, "POST", docs, sorted, asQuery)
	if r.sub() != "1004" || !json.Valid([]byte(r.json(t)["additionalErrorInfo"].(string))) {
		t.Errorf("sub-status %q, body %s", r.sub(), r.body)
	}
	off := headers{"Content-Type", "application/query+json"}
	a.must(400, "POST", docs, `{"query":"SELECT * FROM c"}`, off)
	a.must(200, "POST", docs, sorted, asQuery.and("x-ms-documentdb-partitionkeyrangeid", "0")) // a client that has the plan
	a.must(200, "POST", docs, sorted, asQuery.and(pk("d1")...))
	a.must(200, "POST", docs, `{"query":"SELECT * FROM c WHERE c.pk = 'd1' ORDER BY c.ts"}`, off)
	full := a.must(200, "POST", docs, `{"query":"SELECT * FROM c"}`, asQuery.and("x-ms-max-item-count", "20"))
	last := a.must(200, "POST", docs, `{"query":"SELECT * FROM c"}`, asQuery.and("x-ms-max-item-count", "20", "x-ms-continuation", full.header.Get("x-ms-continuation")))
	if ids(t, last) != "" || last.header.Get("x-ms-continuation") != "" {
		t.Errorf("after a full last page comes %s", last.body)
	}
	a.must(401, "GET", docs+"/a%2Fb", "", pk("a"))
}

// Both packages number kinds in sort order; storeValue relies on it.
func TestKindsAreNumberedAlike(t *testing.T) {
	for sql, store := range map[cosmossql.Kind]docstore.Kind{
		cosmossql.Undefined: docstore.Undefined, cosmossql.Null: docstore.Null, cosmossql.False: docstore.False, cosmossql.True: docstore.True,
		cosmossql.Number: docstore.Number, cosmossql.String: docstore.String, cosmossql.Array: docstore.Array, cosmossql.Object: docstore.Object,
	} {
		if uint8(sql) != uint8(store) {
			t.Errorf("kind %d of the language is %d in the store", sql, store)
		}
	}
}

func TestPlanCacheIsBounded(t *testing.T) {
	var c planCache
	for i := range maxCachedQueries + 50 {
		if _, err := c.parse(fmt.Sprintf("SELECT %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(c.queries); n != maxCachedQueries {
		t.Errorf("%d queries are kept", n)
	}
	if _, err := c.parse("SELECT '" + strings.Repeat("x", maxCachedText) + "'"); err != nil || len(c.queries) != maxCachedQueries {
		t.Errorf("a long text: %v, %d kept", err, len(c.queries))
	}
}

// The Java SDK unwraps {"_value": 1} only when the plan says hasSelectValue.
func TestQueryPlanTellsBareValues(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	for sql, want := range map[string]bool{
		`SELECT VALUE COUNT(1) FROM c`:                          true,
		`SELECT DISTINCT VALUE c.a FROM c`:                      true,
		`select top 3 value c.a from c`:                         true,
		`SELECT VALUE {"n": c.a} FROM c`:                        true,
		`SELECT c["value"] FROM c`:                              false,
		`SELECT c.value FROM c`:                                 false,
		`SELECT COUNT(1) AS n FROM (SELECT VALUE c.a FROM c)`:   false,
		`SELECT (SELECT VALUE c.a) AS x FROM c`:                 false,
		`SELECT * FROM c`:                                       false,
		`SELECT c.a FROM c JOIN (SELECT VALUE t FROM t IN c.t)`: false,
	} {
		body, err := json.Marshal(map[string]any{"query": sql, "parameters": []any{}})
		if err != nil {
			t.Fatal(err)
		}
		r := a.must(200, "POST", docs, string(body), asQuery.and("x-ms-cosmos-is-query-plan-request", "True"))
		if got := r.json(t)["queryInfo"].(map[string]any)["hasSelectValue"]; got != want {
			t.Errorf("%s: hasSelectValue %v", sql, got)
		}
	}
	strict := newAccount(t, func(c *Config) { c.StrictGateway = true })
	docs = strict.container("c", keyPK)
	r := strict.must(400, "POST", docs, `{"query":"SELECT VALUE COUNT(1) FROM c"}`, asQuery.and("x-ms-documentdb-query-enablecrosspartition", "True"))
	if info := r.json(t)["additionalErrorInfo"].(string); !strings.Contains(info, `"hasSelectValue":true`) {
		t.Errorf("the plan of a refusal: %s", info)
	}
}
