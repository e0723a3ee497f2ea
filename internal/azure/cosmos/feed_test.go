package cosmos

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// ids lists the ids of a feed's documents.
func ids(t *testing.T, r *answer) string {
	t.Helper()
	var list []string
	for _, d := range r.json(t)["Documents"].([]any) {
		list = append(list, d.(map[string]any)["id"].(string))
	}
	return strings.Join(list, " ")
}

func TestReadFeedPages(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	for i := range 5 {
		key := string(rune('a' + i%2))
		a.must(201, "POST", docs, fmt.Sprintf(`{"id":"%d","pk":"%s"}`, i, key), pk(key))
	}
	h := headers{"x-ms-max-item-count", "2"}
	var got []string
	token := ""
	for page := 0; ; page++ {
		if page > 5 {
			t.Fatal("the feed does not end")
		}
		r := a.must(200, "GET", docs, "", h.and("x-ms-continuation", token))
		got = append(got, ids(t, r))
		if r.header.Get("x-ms-item-count") == "" {
			t.Error("no item count")
		}
		if token = r.header.Get("x-ms-continuation"); token == "" {
			break
		}
	}
	if s := strings.Join(got, "|"); s != "0 1|2 3|4" {
		t.Errorf("pages %s", s)
	}
	if s := ids(t, a.must(200, "GET", docs, "", pk("b"))); s != "1 3" {
		t.Errorf("partition b has %s", s)
	}
	a.must(400, "GET", docs, "", headers{"x-ms-continuation", "feed-!"})
	a.must(400, "GET", docs, "", headers{"x-ms-max-item-count", "none"})
}

func TestChangeFeed(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	feed := headers{"A-IM", "Incremental Feed", "x-ms-documentdb-partitionkeyrangeid", "0"}
	empty := a.must(304, "GET", docs, "", feed)
	if empty.etag() == "" || empty.header.Get("x-ms-session-token") == "" {
		t.Errorf("304 carries etag %q and token %q", empty.etag(), empty.header.Get("x-ms-session-token"))
	}
	for _, id := range []string{"1", "2", "3"} {
		a.must(201, "POST", docs, `{"id":"`+id+`","pk":"a"}`, pk("a"))
	}
	a.must(201, "POST", docs, `{"id":"4","pk":"b"}`, pk("b"))
	a.must(200, "PUT", docs+"/1", `{"id":"1","pk":"a","v":2}`, pk("a"))
	a.must(204, "DELETE", docs+"/2", "", pk("a"))

	all := a.must(200, "GET", docs, "", feed)
	if s := ids(t, all); s != "3 4 1" { // the latest versions in the order of change
		t.Errorf("from the beginning: %s", s)
	}
	for _, d := range all.json(t)["Documents"].([]any) {
		if d.(map[string]any)["_lsn"] == nil {
			t.Errorf("no _lsn in %v", d)
		}
	}
	a.must(304, "GET", docs, "", feed.and("If-None-Match", all.etag()))
	if s := ids(t, a.must(200, "GET", docs, "", feed.and("If-None-Match", empty.etag()))); s != "3 4 1" {
		t.Errorf("from the first 304: %s", s)
	}

	first := a.must(200, "GET", docs, "", feed.and("x-ms-max-item-count", "1"))
	second := a.must(200, "GET", docs, "", feed.and("x-ms-max-item-count", "1", "If-None-Match", first.etag()))
	if s := ids(t, first) + " " + ids(t, second); s != "3 4" {
		t.Errorf("pages of one: %s", s)
	}
	if s := ids(t, a.must(200, "GET", docs, "", feed.and(pk("b")...))); s != "4" {
		t.Errorf("of partition b: %s", s)
	}

	now := a.must(304, "GET", docs, "", feed.and("If-None-Match", "*"))
	a.must(201, "POST", docs, `{"id":"5","pk":"a"}`, pk("a"))
	if s := ids(t, a.must(200, "GET", docs, "", feed.and("If-None-Match", now.etag()))); s != "5" {
		t.Errorf("from now: %s", s)
	}

	past := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
	future := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	if s := ids(t, a.must(200, "GET", docs, "", feed.and("If-Modified-Since", past))); s != "3 4 1 5" {
		t.Errorf("since an hour ago: %s", s)
	}
	a.must(304, "GET", docs, "", feed.and("If-Modified-Since", future))

	a.must(400, "GET", docs, "", feed.and("If-None-Match", "x"))
	a.must(400, "GET", docs, "", feed.and("If-Modified-Since", "yesterday"))
	a.must(400, "GET", docs, "", headers{"A-IM", "Something"})
	if r := a.must(404, "GET", docs, "", feed.and("If-None-Match", `"9999"`)); r.sub() != "1002" {
		t.Errorf("a position that was never reached is sub-status %q", r.sub())
	}
}

func TestExpiredItemsAreInvisible(t *testing.T) {
	clock := testkit.NewClock(time.Now())
	a := newAccountAt(t, clock.Now, nil)
	docs := a.container("c", keyPK+`,"defaultTtl":-1`)
	a.must(201, "POST", docs, `{"id":"1","pk":"a","ttl":10}`, pk("a"))
	a.must(201, "POST", docs, `{"id":"2","pk":"a"}`, pk("a"))
	clock.Advance(11 * time.Second)
	a.must(404, "GET", docs+"/1", "", pk("a"))
	if s := ids(t, a.must(200, "GET", docs, "", nil)); s != "2" {
		t.Errorf("the feed shows %s", s)
	}
	if rows := a.query(docs, "SELECT VALUE COUNT(1) FROM c", nil); len(rows) != 1 || rows[0] != 1.0 {
		t.Errorf("count is %v", rows)
	}
	a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a"))
	a.must(400, "POST", docs, `{"id":"3","pk":"a","ttl":0}`, pk("a"))
}

// With its wire format of 2021-09-15, which Java's processor of latest versions
// asks for, the change feed has documents and their metadata apart.
func TestChangeFeedInEnvelopes(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	item := a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a"))
	h := headers{"A-IM", "Incremental feed", "x-ms-cosmos-changefeed-wire-format-version", "2021-09-15"}
	r := a.must(200, "GET", docs, "", h)
	change := r.json(t)["Documents"].([]any)[0].(map[string]any)
	current, metadata := change["current"].(map[string]any), change["metadata"].(map[string]any)
	if len(change) != 2 || current["id"] != "1" || current["_etag"] != item.etag() || current["_lsn"] != nil {
		t.Errorf("change %v", change)
	}
	if fmt.Sprintf("%q", fmt.Sprint(metadata["lsn"])) != r.etag() || metadata["crts"] != current["_ts"] || len(metadata) != 2 {
		t.Errorf("metadata %v, etag %s", metadata, r.etag())
	}
	a.must(304, "GET", docs, "", h.and("If-None-Match", r.etag()))
	h[3] = "2031-01-01"
	a.must(400, "GET", docs, "", h)
}
