package cosmos

import (
	"fmt"
	"testing"
)

// JavaScript's deleteAllItemsForPartitionKey, Python's
// delete_all_items_by_partition_key and Java's deleteAllItemsByPartitionKey.
func TestDeleteByPartitionKey(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	for i := range 6 {
		key := []string{"b", "a"}[i%2]
		a.must(201, "POST", docs, fmt.Sprintf(`{"id":"%d","pk":%q}`, i, key), pk(key))
	}
	path := "/dbs/d/colls/c/operations/partitionkeydelete"
	r := a.callSigned("POST", path, "colls", "dbs/d/colls/c", "", pk("a"))
	if r.status != 200 || len(r.body) != 0 || r.header.Get("x-ms-request-charge") != "16.50" {
		t.Errorf("%d %s, charge %s", r.status, r.body, r.header.Get("x-ms-request-charge"))
	}
	for _, d := range a.must(200, "GET", docs, "", nil).json(t)["Documents"].([]any) {
		if d.(map[string]any)["pk"] != "b" {
			t.Errorf("left: %v", d)
		}
	}
	a.must(404, "GET", docs+"/1", "", pk("a"))
	if got := a.query(docs, "SELECT VALUE COUNT(1) FROM c", nil); got[0] != 3.0 {
		t.Errorf("%v are left", got)
	}
	a.must(200, "POST", path, "", pk("a")) // nothing is there: no failure
	a.must(400, "POST", path, "", nil)
	a.must(400, "POST", path, "", headers{"x-ms-documentdb-partitionkey", `["a","b"]`})
	a.must(405, "DELETE", path, "", pk("a"))
	if r := a.must(404, "POST", "/dbs/d/colls/nix/operations/partitionkeydelete", "", pk("a")); r.sub() != "1003" {
		t.Errorf("a missing container is sub-status %q", r.sub())
	}
}

// The key of a hierarchical container names one logical partition; documents
// without the property have a partition of their own.
func TestDeleteByPartitionKeyKinds(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("h", `"partitionKey":{"paths":["/t","/u"],"kind":"MultiHash","version":2}`)
	for i, doc := range []string{`"t":"x","u":1`, `"t":"x","u":2`, `"t":"x"`, `"t":null,"u":true`} {
		key := []string{`["x",1]`, `["x",2]`, `["x",{}]`, `[null,true]`}[i]
		a.must(201, "POST", docs, fmt.Sprintf(`{"id":"%d",%s}`, i, doc), headers{"x-ms-documentdb-partitionkey", key})
	}
	path := "/dbs/d/colls/h/operations/partitionkeydelete"
	a.must(400, "POST", path, "", headers{"x-ms-documentdb-partitionkey", `["x"]`})
	for i, key := range []string{`["x",1]`, `["x",{}]`, `[null,true]`} {
		a.must(200, "POST", path, "", headers{"x-ms-documentdb-partitionkey", key})
		if n := a.must(200, "GET", docs, "", nil).json(t)["_count"]; n != float64(3-i) {
			t.Errorf("after %s: %v items", key, n)
		}
	}
}
