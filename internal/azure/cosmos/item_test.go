package cosmos

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

func TestItemLife(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	created := a.must(201, "POST", docs, `{"id":"1","pk":"a","n":1.00,"z":{"b":1,"a":2}}`, pk("a"))
	if created.etag() == "" || created.etag() != created.json(t)["_etag"] {
		t.Errorf("etag header %q, body %s", created.etag(), created.body)
	}
	if !strings.HasPrefix(string(created.body), `{"id":"1","pk":"a","n":1.00,"z":{"b":1,"a":2},"_rid":"`) {
		t.Errorf("number text or key order changed: %s", created.body)
	}
	read := a.must(200, "GET", docs+"/1", "", pk("a"))
	if string(read.body) != string(created.body) || read.etag() != created.etag() {
		t.Errorf("read %s", read.body)
	}
	a.must(304, "GET", docs+"/1", "", pk("a").and("If-None-Match", created.etag()))
	a.must(409, "POST", docs, `{"id":"1","pk":"a"}`, pk("a"))
	a.must(201, "POST", docs, `{"id":"1","pk":"b"}`, pk("b")) // the same id in another partition

	up := headers{"x-ms-documentdb-is-upsert", "True"}
	upserted := a.must(200, "POST", docs, `{"id":"1","pk":"a","n":2}`, up.and(pk("a")...))
	if upserted.json(t)["_rid"] != created.json(t)["_rid"] || upserted.etag() == created.etag() {
		t.Errorf("an upsert keeps _rid and changes _etag: %s then %s", created.body, upserted.body)
	}
	a.must(412, "PUT", docs+"/1", `{"id":"1","pk":"a","n":3}`, pk("a").and("If-Match", created.etag()))
	replaced := a.must(200, "PUT", docs+"/1", `{"id":"1","pk":"a","n":3}`, pk("a").and("If-Match", upserted.etag()))
	a.must(412, "DELETE", docs+"/1", "", pk("a").and("If-Match", upserted.etag()))
	gone := a.must(204, "DELETE", docs+"/1", "", pk("a").and("If-Match", replaced.etag()))
	if len(gone.body) != 0 {
		t.Errorf("a delete answers %q", gone.body)
	}
	a.must(404, "GET", docs+"/1", "", pk("a"))
	a.must(404, "DELETE", docs+"/1", "", pk("a"))
	a.must(404, "PUT", docs+"/1", `{"id":"1","pk":"a"}`, pk("a"))
	a.must(200, "GET", docs+"/1", "", pk("b"))
	a.must(201, "POST", docs, `{"id":"new","pk":"a"}`, up.and(pk("a")...).and("If-Match", `"none"`)) // a missing item has no ETag to miss
}

func TestMinimalWritesHaveNoBody(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	r := a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a").and("Prefer", "return=minimal"))
	if len(r.body) != 0 || r.etag() == "" || r.header.Get("Content-Length") != "0" {
		t.Errorf("body %q, etag %q, length %q", r.body, r.etag(), r.header.Get("Content-Length"))
	}
}

func TestReplyHeaders(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	for _, r := range []*answer{
		a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a")),
		a.must(409, "POST", docs, `{"id":"1","pk":"a"}`, pk("a")),
		a.must(404, "GET", docs+"/9", "", pk("a")),
		a.must(200, "GET", docs+"/1", "", pk("a")),
	} {
		for name, want := range map[string]string{
			"x-ms-session-token": "0:-1#", "x-ms-alt-content-path": "dbs/d/colls/c", "x-ms-documentdb-partitionkeyrangeid": "0",
			"x-ms-version": "20", "x-ms-gatewayversion": "version=", "x-ms-serviceversion": "version=", "lsn": "", "x-ms-schemaversion": "1.",
			"x-ms-cosmos-llsn": "", "x-ms-global-committed-lsn": "", "x-ms-request-duration-ms": "", "x-ms-content-path": "", "x-ms-last-state-change-utc": "",
		} {
			if got := r.header.Get(name); got == "" || !strings.HasPrefix(got, want) {
				t.Errorf("status %d: %s is %q", r.status, name, got)
			}
		}
		if c := r.header.Get("x-ms-request-charge"); c == "" || c == "0.00" {
			t.Errorf("status %d: charge %q", r.status, c)
		}
	}
	const id = "01234567-89ab-cdef-0123-456789ABCDEF"
	if got := a.call("GET", docs+"/1", "", pk("a").and("x-ms-activity-id", id)).header.Get("x-ms-activity-id"); got != id {
		t.Errorf("activity id %q", got)
	}
}

func TestChargesFollowTheModel(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	big := `{"id":"big","pk":"a","s":"` + strings.Repeat("x", 100<<10) + `"}`
	a.must(201, "POST", docs, big, pk("a"))
	a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a"))
	for path, want := range map[string]string{"/1": "1.00", "/big": "10.0"} {
		if got := a.must(200, "GET", docs+path, "", pk("a")).header.Get("x-ms-request-charge"); !strings.HasPrefix(got, want) {
			t.Errorf("%s costs %s, want %s", path, got, want)
		}
	}
}

func TestPartitionKeyForms(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	h := func(key string) headers { return headers{"x-ms-documentdb-partitionkey", key} }
	for i, tt := range []struct{ key, member string }{
		{`["a"]`, `"pk":"a",`},
		{`[1]`, `"pk":1,`},
		{`[1.5]`, `"pk":1.5,`},
		{`[true]`, `"pk":true,`},
		{`[false]`, `"pk":false,`},
		{`[null]`, `"pk":null,`},
		{`[{}]`, ``},
		{`["\u9c40"]`, `"pk":"鱀",`},
		{`[""]`, `"pk":"",`},
	} {
		a.must(201, "POST", docs, `{`+tt.member+`"id":"same"}`, h(tt.key))
		r := a.must(200, "GET", docs+"/same", "", h(tt.key))
		if !strings.Contains(string(r.body), tt.member) {
			t.Errorf("%d: key %s reads %s", i, tt.key, r.body)
		}
	}
	a.must(200, "GET", docs+"/same", "", h(`[]`)) // an old client's form of [{}]
	for _, tt := range []struct {
		key, body string
		sub       string
	}{
		{`["b"]`, `{"id":"x","pk":"a"}`, "1001"},
		{`[null]`, `{"id":"x"}`, "1001"},
		{`[{}]`, `{"id":"x","pk":null}`, "1001"},
		{`["a","b"]`, `{"id":"x","pk":"a"}`, "1001"},
		{`["a"`, `{"id":"x","pk":"a"}`, "1001"},
		{`"a"`, `{"id":"x","pk":"a"}`, "1001"},
		{`[["a"]]`, `{"id":"x","pk":"a"}`, "1001"},
		{``, `{"id":"x","pk":"a"}`, ""},
		{`[{}]`, `{"id":"x","pk":{"deep":1}}`, ""},
	} {
		if r := a.must(400, "POST", docs, tt.body, h(tt.key)); r.sub() != tt.sub {
			t.Errorf("key %s, body %s: sub-status %q, want %q: %s", tt.key, tt.body, r.sub(), tt.sub, r.body)
		}
	}
}

func TestHierarchicalKeys(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", `"partitionKey":{"paths":["/tenant","/user"],"version":2}`)
	if r := a.must(200, "GET", "/dbs/d/colls/c", "", nil); !strings.Contains(string(r.body), `"kind":"MultiHash"`) {
		t.Errorf("the kind was not found out: %s", r.body)
	}
	full := func(x, y string) headers { return headers{"x-ms-documentdb-partitionkey", `["` + x + `","` + y + `"]`} }
	for _, k := range [][2]string{{"t1", "u1"}, {"t1", "u2"}, {"t2", "u1"}} {
		a.must(201, "POST", docs, `{"id":"1","tenant":"`+k[0]+`","user":"`+k[1]+`"}`, full(k[0], k[1]))
	}
	a.must(200, "GET", docs+"/1", "", full("t1", "u2"))
	a.must(400, "GET", docs+"/1", "", headers{"x-ms-documentdb-partitionkey", `["t1"]`})
	prefix := headers{"x-ms-documentdb-partitionkey", `["t1"]`}
	if rows := a.query(docs, "SELECT VALUE c.user FROM c ORDER BY c.user DESC", prefix); len(rows) != 2 || rows[0] != "u2" {
		t.Errorf("the prefix t1 has %v", rows)
	}
	epk := epkMulti([]keyPart{{mark: markString, str: "t1"}})
	part := headers{"x-ms-read-key-type", "EffectivePartitionKeyRange", "x-ms-start-epk", epk, "x-ms-end-epk", epk + "FF", "x-ms-documentdb-partitionkeyrangeid", "0"}
	if rows := a.query(docs, "SELECT * FROM c", part); len(rows) != 2 {
		t.Errorf("the key range of t1 has %d documents", len(rows))
	}
	if rows := a.must(200, "GET", docs, "", part).json(t)["Documents"].([]any); len(rows) != 2 {
		t.Errorf("the feed of t1's key range has %d documents", len(rows))
	}
	if rows := a.must(200, "GET", docs, "", part.and("A-IM", "Incremental feed")).json(t)["Documents"].([]any); len(rows) != 2 {
		t.Errorf("the change feed of t1's key range has %d documents", len(rows))
	}
}

func TestPatchOverTheWire(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	first := a.must(201, "POST", docs, `{"id":"1","pk":"a","n":1,"tags":["x"]}`, pk("a"))
	r := a.must(200, "PATCH", docs+"/1", `{"operations":[{"op":"incr","path":"/n","value":4},{"op":"add","path":"/tags/-","value":"y"}]}`, pk("a"))
	if !strings.HasPrefix(string(r.body), `{"id":"1","pk":"a","n":5,"tags":["x","y"],"_rid"`) || strings.Count(string(r.body), "_etag") != 1 {
		t.Errorf("patched to %s", r.body)
	}
	a.must(412, "PATCH", docs+"/1", `{"operations":[{"op":"set","path":"/n","value":0}]}`, pk("a").and("If-Match", first.etag()))
	a.must(412, "PATCH", docs+"/1", `{"condition":"from c where c.n = 99","operations":[{"op":"set","path":"/n","value":0}]}`, pk("a"))
	a.must(200, "PATCH", docs+"/1", `{"condition":"from c where c.n = 5","operations":[{"op":"set","path":"/n","value":0}]}`, pk("a"))
	bad := a.must(400, "PATCH", docs+"/1", `{"condition":"from c where c.n === 5","operations":[{"op":"set","path":"/n","value":0}]}`, pk("a"))
	if !strings.Contains(string(bad.body), `SC1001`) {
		t.Errorf("a bad condition answers %s", bad.body)
	}
	a.must(404, "PATCH", docs+"/9", `{"operations":[{"op":"set","path":"/n","value":0}]}`, pk("a"))
}

func TestUniqueKeys(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK+`,"uniqueKeyPolicy":{"uniqueKeys":[{"paths":["/mail"]}]}`)
	a.must(201, "POST", docs, `{"id":"1","pk":"a","mail":"m"}`, pk("a"))
	a.must(409, "POST", docs, `{"id":"2","pk":"a","mail":"m"}`, pk("a"))
	a.must(201, "POST", docs, `{"id":"2","pk":"b","mail":"m"}`, pk("b"))
}

func TestSessionTokens(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	token := a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a")).header.Get("x-ms-session-token")
	a.must(200, "GET", docs+"/1", "", pk("a").and("x-ms-session-token", token))
	a.must(200, "GET", docs+"/1", "", pk("a").and("x-ms-session-token", "1:-1#999,"+token)) // another range's part
	for _, ahead := range []string{"0:-1#999", "0:999", "0:1#999#1=5"} {
		if r := a.must(404, "GET", docs+"/1", "", pk("a").and("x-ms-session-token", ahead)); r.sub() != "1002" {
			t.Errorf("token %s: sub-status %q", ahead, r.sub())
		}
	}
	a.must(400, "GET", docs+"/1", "", pk("a").and("x-ms-session-token", "garbage"))
}

func TestItemByRIDLink(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	a.must(201, "POST", docs, `{"id":"other","pk":"a"}`, pk("a"))
	self := a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a")).json(t)["_self"].(string)
	link := "/" + strings.TrimSuffix(self, "/")
	if got := a.must(200, "GET", link, "", pk("a")).json(t)["id"]; got != "1" {
		t.Errorf("%s is item %v", link, got)
	}
	a.must(404, "GET", link, "", pk("b"))
	a.must(200, "PUT", link, `{"id":"1","pk":"a","n":2}`, pk("a"))
	a.must(204, "DELETE", link, "", pk("a"))
	a.must(404, "GET", link, "", pk("a"))
}

// An item's id has up to 1023 bytes, a database's or container's up to 255
// characters, of everything but / \\ ? # (Azure: "Service quotas and default
// limits").
func TestIDsUpToTheServicesLimits(t *testing.T) {
	a := newAccount(t, nil)
	long := strings.Repeat("물", 254)
	name := url.PathEscape(long)
	a.must(201, "POST", "/dbs", `{"id":"`+long+`x"}`, nil)
	a.must(201, "POST", "/dbs/"+name+"x/colls", `{"id":"`+long+`y",`+keyPK+`}`, nil)
	a.must(400, "POST", "/dbs", `{"id":"`+long+`xy"}`, nil)
	a.must(400, "POST", "/dbs/"+name+"x/colls", `{"id":"`+long+`xy",`+keyPK+`}`, nil)
	docs := "/dbs/" + name + "x/colls/" + name + "y/docs"
	legal := []string{strings.Repeat("i", 1023), strings.Repeat("물", 341), " a", "a ", ".", "..", "...", "\u0001\t\n", "😀", "é", "e\u0301", "\u00a0", "%41", "%", "a+b"}
	for c := rune(' '); c <= '~'; c++ {
		if !strings.ContainsRune(`/\?#`, c) {
			legal = append(legal, "x"+string(c)+"x")
		}
	}
	for _, id := range legal {
		body, err := json.Marshal(map[string]any{"id": id, "pk": "a"})
		if err != nil {
			t.Fatal(err)
		}
		a.must(201, "POST", docs, string(body), pk("a"))
		path := docs + "/" + strings.ReplaceAll(url.PathEscape(id), ".", "%2E")
		if got := a.must(200, "GET", path, "", pk("a")).json(t)["id"]; got != id {
			t.Errorf("%q was read as %q", id, got)
		}
		a.must(200, "PUT", path, string(body), pk("a"))
		a.must(204, "DELETE", path, "", pk("a"))
	}
	if n := a.must(200, "GET", docs, "", nil).json(t)["_count"]; n != 0.0 {
		t.Errorf("%v are left", n)
	}
	for _, id := range []string{"", strings.Repeat("i", 1024), strings.Repeat("물", 342)} {
		a.must(400, "POST", docs, `{"id":"`+id+`","pk":"a"}`, pk("a"))
	}
}
