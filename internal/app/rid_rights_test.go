package app

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestRIDsMeanWhatNamesMean: a token opens by a path of _rids what it opens by
// names, and nothing else; in mixed paths too.
func TestRIDsMeanWhatNamesMean(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, accessProject, nil, func(r *rig) {
		if _, err := r.app.house.Who.Assign("application:ci", "Cosmos DB Built-in Data Contributor", "cosmos/default/db/mine"); err != nil {
			t.Fatal(err)
		}
		token, err := r.application().GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://cosmos.azure.com/.default"}})
		if err != nil {
			t.Fatal(err)
		}
		key := r.accountKey()
		rid := func(kind, link string) string {
			code, text := r.cosmos(r.url(instance.Cosmos), key, "GET", kind, link, "", "")
			var body struct {
				RID string `json:"_rid"`
			}
			if err := json.Unmarshal([]byte(text), &body); err != nil || code != http.StatusOK {
				t.Fatalf("%s: %d %s", link, code, text)
			}
			return body.RID
		}
		pk := []string{"x-ms-documentdb-partitionkey", `["k"]`, "Authorization", "type=aad&ver=1.0&sig=" + token.Token, "x-ms-version", "2018-12-31"}
		ask := func(method, path, body string, more ...string) int {
			code, text := r.call(method, r.url(instance.Cosmos)+"/"+path, body, append(append([]string{}, pk...), more...)...)
			t.Log(method, path, code, text)
			return code
		}
		if code := ask("POST", "dbs/db/colls/mine/docs", `{"id":"1","k":"k"}`); code != http.StatusCreated {
			t.Fatal(code)
		}
		item := func() string {
			code, text := r.call("GET", r.url(instance.Cosmos)+"/dbs/db/colls/mine/docs/1", "", pk...)
			var body struct {
				RID string `json:"_rid"`
			}
			if err := json.Unmarshal([]byte(text), &body); err != nil || code != http.StatusOK {
				t.Fatalf("%d %s", code, text)
			}
			return body.RID
		}()
		db, mine, other := rid("dbs", "dbs/db"), rid("colls", "dbs/db/colls/mine"), rid("colls", "dbs/db/colls/other")
		query := []string{"x-ms-documentdb-isquery", "True", "Content-Type", "application/query+json"}
		for _, c := range []struct{ method, path, body string }{
			{"GET", "dbs/DB", ""},
			{"GET", "dbs/DB/colls/MINE", ""},
			{"GET", "dbs/DB/colls/MINE/docs", ""},
			{"GET", "dbs/DB/colls/MINE/docs/1", ""},
			{"GET", "dbs/DB/colls/MINE/docs/ITEM", ""},
			{"GET", "dbs/DB/colls/MINE/pkranges", ""},
			{"POST", "dbs/DB/colls/MINE/docs", `{"query":"SELECT * FROM c"}`},
			{"GET", "dbs/DB/colls", ""},
			{"GET", "dbs/DB/colls/OTHER", ""},
			{"GET", "dbs/DB/colls/OTHER/docs/1", ""},
			{"POST", "dbs/DB/colls/OTHER/docs", `{"query":"SELECT * FROM c"}`},
			{"DELETE", "dbs/DB/colls/MINE", ""},
			{"PUT", "dbs/DB/colls/MINE/docs/ITEM", `{"id":"1","k":"k"}`},
		} {
			var more []string
			if strings.Contains(c.body, "query") {
				more = query
			}
			spell := func(db, mine, other, item string) string {
				return strings.NewReplacer("DB", db, "MINE", mine, "OTHER", other, "ITEM", item).Replace(c.path)
			}
			want := ask(c.method, spell("db", "mine", "other", "1"), c.body, more...)
			for _, path := range []string{spell(db, mine, other, item), spell(db, mine, other, "1"), spell("db", mine, other, item)} {
				if got := ask(c.method, path, c.body, more...); got != want {
					t.Errorf("%s %s: %d, by names %d", c.method, path, got, want)
				}
			}
		}
	})
}
