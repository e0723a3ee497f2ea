package cosmos

import (
	"strings"
	"testing"
)

// ridOfBody returns the _rid of a resource.
func ridOfBody(t *testing.T, a *answer) string {
	t.Helper()
	rid, ok := a.json(t)["_rid"].(string)
	if !ok {
		t.Fatalf("no _rid: %s", a.body)
	}
	return rid
}

// Paths of _rids are signed by the last _rid alone: in lower case by the Java
// SDK (BaseAuthorizationTokenProvider), by .NET for some resources as it is. A
// feed is signed by its owner's.
func TestPathsOfRIDsAreSignedByTheLastRID(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	d := ridOfBody(t, a.must(200, "GET", "/dbs/d", "", nil))
	c := ridOfBody(t, a.must(200, "GET", "/dbs/d/colls/c", "", nil))
	i := ridOfBody(t, a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a")))
	db, coll := "/dbs/"+d, "/dbs/"+d+"/colls/"+c
	for _, tt := range []struct{ path, kind, rid string }{
		{db, "dbs", d},
		{db + "/colls", "colls", d},
		{coll, "colls", c},
		{coll + "/pkranges", "pkranges", c},
		{coll + "/docs", "docs", c},
		{coll + "/docs/" + i, "docs", i},
		{strings.ReplaceAll(coll, "=", "%3D") + "/docs/" + strings.ReplaceAll(i, "=", "%3D"), "docs", i},
		{"//" + coll[1:] + "/docs/" + i + "/", "docs", i},
		{coll + "/sprocs", "sprocs", c},
		{coll + "/conflicts", "conflicts", c},
	} {
		for _, link := range []string{strings.ToLower(tt.rid), tt.rid} {
			if r := a.callSigned("GET", tt.path, tt.kind, link, "", pk("a")); r.status != 200 {
				t.Errorf("%s signed as %s: %d %s", tt.path, link, r.status, r.body)
			}
		}
		for _, link := range []string{"aaaaaaaaaaa=", "", strings.ToLower(d + c)} {
			if link == strings.ToLower(tt.rid) {
				continue
			}
			if r := a.callSigned("GET", tt.path, tt.kind, link, "", pk("a")); r.status != 401 {
				t.Errorf("%s signed as %q: %d", tt.path, link, r.status)
			}
		}
	}
	// A path of names is never signed by a _rid, nor by its last name alone.
	for _, link := range []string{strings.ToLower(c), "c", "d"} {
		if r := a.callSigned("GET", "/dbs/d/colls/c", "colls", link, "", nil); r.status != 401 {
			t.Errorf("a name signed as %q: %d", link, r.status)
		}
	}
	r := a.callSigned("GET", coll, "colls", "guess", "", nil)
	if want := `get\ncolls\n` + strings.ToLower(c) + `\n`; !strings.Contains(string(r.body), want) {
		t.Errorf("the refusal does not show what to sign, %s: %s", want, r.body)
	}
}

// Every operation works in a path of _rids, whatever its verb.
func TestOperationsInPathsOfRIDs(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	d := ridOfBody(t, a.must(200, "GET", "/dbs/d", "", nil))
	c := ridOfBody(t, a.must(200, "GET", "/dbs/d/colls/c", "", nil))
	coll := "/dbs/" + d + "/colls/" + c
	item := a.must(201, "POST", coll+"/docs", `{"id":"1","pk":"a"}`, pk("a"))
	a.must(201, "POST", coll+"/docs", `{"id":"1","pk":"b"}`, pk("b"))
	one := coll + "/docs/" + ridOfBody(t, item)
	a.must(200, "PUT", one, `{"id":"1","pk":"a","n":1}`, pk("a"))
	a.must(200, "PATCH", one, `{"operations":[{"op":"incr","path":"/n","value":1}]}`, pk("a"))
	if got := a.must(200, "GET", docs+"/1", "", pk("a")).json(t)["n"]; got != 2.0 {
		t.Errorf("n is %v", got)
	}
	a.must(404, "GET", one, "", pk("b"))    // it is in another partition
	a.must(404, "DELETE", one, "", pk("b")) // likewise
	if rows := a.query(coll+"/docs", "SELECT * FROM c", nil); len(rows) != 2 {
		t.Errorf("%v", rows)
	}
	a.must(204, "DELETE", one, "", pk("a"))
	a.must(404, "GET", one, "", pk("a"))
	a.must(200, "POST", coll+"/operations/partitionkeydelete", "", pk("b"))
	if n := a.must(200, "GET", docs, "", nil).json(t)["_count"]; n != 0.0 {
		t.Errorf("%v items are left", n)
	}
	a.must(200, "PUT", coll, `{"id":"c",`+keyPK+`,"defaultTtl":60}`, nil)
	a.must(204, "DELETE", coll, "", nil)
	a.must(404, "GET", coll, "", nil)
	a.must(204, "DELETE", "/dbs/"+d, "", nil)
	a.must(404, "GET", "/dbs/"+d, "", nil)
}

// In a path of names the last segment is a name, even when it looks like the
// _rid of another item.
func TestAnItemNamedLikeARID(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	rid := ridOfBody(t, a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a")))
	a.must(404, "GET", docs+"/"+rid, "", pk("a"))
	a.must(201, "POST", docs, `{"id":"`+rid+`","pk":"a"}`, pk("a"))
	for _, path := range []string{docs + "/" + rid} {
		if id := a.must(200, "GET", path, "", pk("a")).json(t)["id"]; id != rid {
			t.Errorf("read %v", id)
		}
		a.must(200, "PUT", path, `{"id":"`+rid+`","pk":"a","n":1}`, pk("a"))
		a.must(204, "DELETE", path, "", pk("a"))
	}
	a.must(200, "GET", docs+"/1", "", pk("a"))
}

// x-ms-alt-content-path is the owner's path of names and x-ms-content-path its
// _rid: the Java SDK builds a container's link from them and the id.
func TestOwnerPath(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	coll := strings.TrimSuffix(docs, "/docs")
	d := ridOfBody(t, a.must(200, "GET", "/dbs/d", "", nil))
	c := ridOfBody(t, a.must(200, "GET", coll, "", nil))
	etag := a.must(200, "GET", coll, "", nil).etag()
	for _, tt := range []struct {
		name, path, rid string
		r               *answer
	}{
		{"container", "dbs/d", d, a.must(200, "GET", coll, "", nil)},
		{"container by _rid", "dbs/d", d, a.must(200, "GET", "/dbs/"+d+"/colls/"+c, "", nil)},
		{"unchanged container", "dbs/d", d, a.must(304, "GET", coll, "", headers{"If-None-Match", etag})},
		{"containers", "dbs/d", d, a.must(200, "GET", "/dbs/d/colls", "", nil)},
		{"replaced container", "dbs/d", d, a.must(200, "PUT", coll, `{"id":"c",`+keyPK+`}`, nil)},
		{"created item", "dbs/d/colls/c", c, a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a"))},
		{"item", "dbs/d/colls/c", c, a.must(200, "GET", docs+"/1", "", pk("a"))},
		{"items", "dbs/d/colls/c", c, a.must(200, "GET", docs, "", nil)},
		{"ranges", "dbs/d/colls/c", c, a.must(200, "GET", coll+"/pkranges", "", nil)},
		{"missing item", "dbs/d/colls/c", c, a.must(404, "GET", docs+"/2", "", pk("a"))},
		{"new container", "dbs/d", d, a.must(201, "POST", "/dbs/d/colls", `{"id":"n",`+keyPK+`}`, nil)},
		{"deleted container", "dbs/d", d, a.must(204, "DELETE", "/dbs/d/colls/n", "", nil)},
	} {
		if path, rid := tt.r.header.Get("x-ms-alt-content-path"), tt.r.header.Get("x-ms-content-path"); path != tt.path || rid != tt.rid {
			t.Errorf("%s: owner %q %q, want %q %q", tt.name, path, rid, tt.path, tt.rid)
		}
	}
	// Java decodes the path as a form's value; a header has no room for more.
	a.must(201, "POST", "/dbs", `{"id":"50% a+b"}`, nil)
	r := a.must(201, "POST", "/dbs/50%25%20a+b/colls", `{"id":"물",`+keyPK+`}`, nil)
	if got := r.header.Get("x-ms-alt-content-path"); got != "dbs/50%25%20a%2Bb" {
		t.Errorf("owner of a container: %q", got)
	}
	r = a.must(201, "POST", "/dbs/50%25%20a+b/colls/%EB%AC%BC/docs", `{"id":"1","pk":"a"}`, pk("a"))
	if got := r.header.Get("x-ms-alt-content-path"); got != "dbs/50%25%20a%2Bb/colls/%EB%AC%BC" {
		t.Errorf("owner of an item: %q", got)
	}
	if r := a.must(200, "GET", "/dbs/d", "", nil); r.header["X-Ms-Alt-Content-Path"] != nil {
		t.Errorf("a database has the owner %q", r.header["X-Ms-Alt-Content-Path"])
	}
}
