package cosmos

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// result is one line of a batch reply.
type result struct {
	StatusCode    int
	SubStatusCode int
	RequestCharge float64
	ETag          string
	ResourceBody  json.RawMessage
}

// batchHeaders are those of a transactional batch.
var batchHeaders = headers{"x-ms-cosmos-is-batch-request", "True", "x-ms-cosmos-batch-atomic", "True", "x-ms-cosmos-batch-ordered", "True"}

// bulkHeaders are those of a JavaScript bulk.
var bulkHeaders = headers{"x-ms-cosmos-is-batch-request", "True", "x-ms-cosmos-batch-atomic", "False", "x-ms-cosmos-batch-continue-on-error", "True", "x-ms-documentdb-partitionkeyrangeid", "0"}

func (a *testAccount) batch(status int, docs, body string, h headers) []result {
	a.t.Helper()
	r := a.must(status, "POST", docs, body, h)
	var out []result
	if err := json.Unmarshal(r.body, &out); err != nil {
		a.t.Fatalf("%s: %v", r.body, err)
	}
	return out
}

func TestTransactionalBatch(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	h := batchHeaders.and(pk("a")...)
	got := a.batch(200, docs, `[
		{"operationType":"Create","resourceBody":{"id":"1","pk":"a","n":1}},
		{"operationType":"Upsert","resourceBody":{"id":"2","pk":"a"}},
		{"operationType":"Patch","id":"1","resourceBody":{"operations":[{"op":"incr","path":"/n","value":1}]}},
		{"operationType":"Replace","id":"2","resourceBody":{"id":"2","pk":"a","x":1}},
		{"operationType":"Read","id":"1"},
		{"operationType":"Delete","id":"2"}]`, h)
	if s := statuses(got); s != "201 201 200 200 200 204" {
		t.Fatalf("statuses %s", s)
	}
	if !strings.Contains(string(got[4].ResourceBody), `"n":2`) || got[5].ResourceBody != nil || got[4].ETag == "" || got[4].RequestCharge <= 0 {
		t.Errorf("%+v", got)
	}
	// One transaction has one place in the change feed.
	feed := a.must(200, "GET", docs, "", headers{"A-IM", "Incremental feed"}).json(t)["Documents"].([]any)
	if len(feed) != 1 {
		t.Errorf("the change feed has %v", feed)
	}
}

func TestFailedBatchChangesNothing(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a"))
	h := batchHeaders.and(pk("a")...)
	for _, tt := range []struct{ last, want string }{
		{`{"operationType":"Create","resourceBody":{"id":"1","pk":"a"}}`, "424 409 424"},
		{`{"operationType":"Replace","id":"9","resourceBody":{"id":"9","pk":"a"}}`, "424 404 424"},
		{`{"operationType":"Delete","id":"1","ifMatch":"\"old\""}`, "424 412 424"},
		{`{"operationType":"Create","resourceBody":{"id":"3","pk":"b"}}`, "424 400 424"},
		{`{"operationType":"Patch","id":"1","resourceBody":{"operations":[]}}`, "424 400 424"},
		{`{"operationType":"Explode"}`, "424 400 424"},
		{`{"operationType":"Create"}`, "424 400 424"},
	} {
		got := a.batch(207, docs, `[{"operationType":"Create","resourceBody":{"id":"2","pk":"a"}},`+tt.last+`,{"operationType":"Delete","id":"1"}]`, h)
		if s := statuses(got); s != tt.want {
			t.Errorf("%s: statuses %s, want %s", tt.last, s, tt.want)
		}
		a.must(404, "GET", docs+"/2", "", pk("a"))
		a.must(200, "GET", docs+"/1", "", pk("a"))
	}
}

func TestBulk(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	ops := `[
		{"operationType":"Create","partitionKey":"[\"a\"]","resourceBody":{"id":"1","pk":"a"}},
		{"operationType":"Create","partitionKey":"[\"b\"]","resourceBody":{"id":"1","pk":"b"}},
		{"operationType":"Read","partitionKey":"[\"z\"]","id":"9"},
		{"operationType":"Upsert","partitionKey":["c"],"resourceBody":{"id":"1","pk":"c"}},
		{"operationType":"Read","id":"1"},
		{"operationType":"Delete","partitionKey":"[\"a\"]","id":"1"}]`
	if s := statuses(a.batch(207, docs, ops, bulkHeaders)); s != "201 201 404 201 400 204" {
		t.Errorf("statuses %s", s)
	}
	stop := bulkHeaders.and("x-ms-cosmos-batch-continue-on-error", "False")
	ops = `[
		{"operationType":"Upsert","partitionKey":"[\"a\"]","resourceBody":{"id":"1","pk":"a"}},
		{"operationType":"Create","partitionKey":"[\"b\"]","resourceBody":{"id":"1","pk":"b"}},
		{"operationType":"Upsert","partitionKey":"[\"d\"]","resourceBody":{"id":"1","pk":"d"}}]`
	if s := statuses(a.batch(207, docs, ops, stop)); s != "201 409 424" {
		t.Errorf("a bulk that stops at its first failure has statuses %s", s)
	}
	a.must(404, "GET", docs+"/1", "", pk("d"))
}

func TestBatchLimits(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	read := `{"operationType":"Read","id":"1"}`
	for name, body := range map[string]string{
		"none": `[]`, "101": `[` + strings.Repeat(read+",", 100) + read + `]`, "no JSON": `[{`, "an object": read,
		"a number": `[1]`, "bad key": `[{"operationType":"Read","id":"1","partitionKey":"a"}]`,
	} {
		if r := a.call("POST", docs, body, batchHeaders.and(pk("a")...)); r.status != 400 {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	a.must(400, "POST", docs, `[`+read+`]`, batchHeaders) // no partition key
}

// statuses lists the results' statuses as text.
func statuses(results []result) string {
	var list []string
	for _, r := range results {
		list = append(list, strconv.Itoa(r.StatusCode))
	}
	return strings.Join(list, " ")
}

// A read whose ETag the client has is 304 as a single read is, and no failure
// of the batch.
func TestBatchReadsOfWhatIsKnown(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	etag := a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a")).etag()
	known, err := json.Marshal(etag)
	if err != nil {
		t.Fatal(err)
	}
	read := func(condition string) string {
		return `{"operationType":"Read","id":"1","partitionKey":"[\"a\"]","ifNoneMatch":` + condition + `}`
	}
	body := "[" + read(string(known)) + "," + read(`"\"other\""`) + "," + read("null") + "]"
	for name, h := range map[string]headers{"bulk": bulkHeaders, "batch": batchHeaders.and(pk("a")...)} {
		got := a.batch(200, docs, body, h)
		if s := statuses(got); s != "304 200 200" || got[0].ResourceBody != nil || got[0].ETag != etag || got[1].ResourceBody == nil {
			t.Errorf("%s: %s %+v", name, s, got)
		}
	}
	got := a.batch(200, docs, "["+read(string(known))+`,{"operationType":"Create","resourceBody":{"id":"2","pk":"a"}}]`, batchHeaders.and(pk("a")...))
	if s := statuses(got); s != "304 201" {
		t.Errorf("a batch with a write: %s", s)
	}
	a.must(200, "GET", docs+"/2", "", pk("a"))
	// A write's condition still fails the batch.
	got = a.batch(207, docs, `[{"operationType":"Upsert","id":"1","ifNoneMatch":"*","resourceBody":{"id":"1","pk":"a"}},`+read("null")+`]`, batchHeaders.and(pk("a")...))
	if s := statuses(got); s != "412 424" {
		t.Errorf("a write that must not replace: %s", s)
	}
}
