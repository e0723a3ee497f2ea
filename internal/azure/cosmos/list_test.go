package cosmos

import (
	"fmt"
	"strings"
	"testing"
)

// pagesOf reads a feed of resources in pages of two and returns the ids. After
// the first page it calls between.
func (a *testAccount) pagesOf(method, path, key, body string, h headers, between func()) string {
	a.t.Helper()
	var ids []string
	token := ""
	for range 10 {
		r := a.must(200, method, path, body, h.and("x-ms-max-item-count", "2", "x-ms-continuation", token))
		page := r.json(a.t)[key].([]any)
		if len(page) > 2 || r.header.Get("x-ms-item-count") != fmt.Sprint(len(page)) {
			a.t.Errorf("%s: a page of %d, counted %s", path, len(page), r.header.Get("x-ms-item-count"))
		}
		for _, item := range page {
			ids = append(ids, item.(map[string]any)["id"].(string))
		}
		if token = r.header.Get("x-ms-continuation"); token == "" {
			return strings.Join(ids, " ")
		}
		if between != nil {
			between()
			between = nil
		}
	}
	a.t.Fatalf("%s does not end", path)
	return ""
}

// Lists of databases, containers and offers come in pages as items do, and a
// page goes on behind the last resource whatever was deleted meanwhile.
func TestListsHavePages(t *testing.T) {
	a := newAccount(t, nil)
	for i := range 5 {
		a.must(201, "POST", "/dbs", fmt.Sprintf(`{"id":"d%d"}`, i), headers{"x-ms-offer-throughput", "400"})
		a.must(201, "POST", "/dbs/d0/colls", fmt.Sprintf(`{"id":"c%d",%s}`, i, keyPK), nil)
	}
	dropped := func(path string) func() { return func() { a.must(204, "DELETE", path, "", nil) } }
	all := `{"query":"SELECT * FROM c"}`
	newest := `{"query":"SELECT * FROM c ORDER BY c.id DESC"}`
	if got := a.pagesOf("GET", "/dbs", "Databases", "", nil, dropped("/dbs/d1")); got != "d0 d1 d2 d3 d4" {
		t.Errorf("databases: %s", got)
	}
	if got := a.pagesOf("GET", "/dbs/d0/colls", "DocumentCollections", "", nil, dropped("/dbs/d0/colls/c0")); got != "c0 c1 c2 c3 c4" {
		t.Errorf("containers: %s", got)
	}
	if got := a.pagesOf("POST", "/dbs", "Databases", all, asQuery, dropped("/dbs/d2")); got != "d0 d2 d3 d4" {
		t.Errorf("queried databases: %s", got)
	}
	if got := a.pagesOf("POST", "/dbs/d0/colls", "DocumentCollections", all, asQuery, dropped("/dbs/d0/colls/c1")); got != "c1 c2 c3 c4" {
		t.Errorf("queried containers: %s", got)
	}
	if got := a.pagesOf("POST", "/dbs/d0/colls", "DocumentCollections", newest, asQuery, nil); got != "c4 c3 c2" {
		t.Errorf("ordered containers: %s", got)
	}
	if got := strings.Fields(a.pagesOf("GET", "/offers", "Offers", "", nil, nil)); len(got) != 3 {
		t.Errorf("offers: %v", got)
	}
	a.must(400, "GET", "/dbs", "", headers{"x-ms-continuation", "guess"})
	a.must(400, "GET", "/dbs", "", headers{"x-ms-max-item-count", "0"})
	if n := a.must(200, "GET", "/dbs", "", headers{"x-ms-max-item-count", "-1"}).json(t)["_count"]; n != 3.0 {
		t.Errorf("%v databases", n)
	}
}

// A walk goes on from a place whether or not its resource is still there.
func TestListsResumeBesideGaps(t *testing.T) {
	s := listSource{{1 << 32, nil}, {3 << 32, nil}, {3<<32 | 7, nil}, {5 << 32, nil}}
	for after, want := range map[uint64]int{0: 0, 1 << 32: 1, 2 << 32: 1, 3 << 32: 2, 3<<32 | 9: 3, 5 << 32: 4, 9 << 32: 4} {
		if got := s.behind(after); got != want {
			t.Errorf("behind %x: %d, want %d", after, got, want)
		}
	}
}
