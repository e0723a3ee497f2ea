package cosmos

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/docstore"
)

func TestInterceptRefusesTheNthRequest(t *testing.T) {
	faults := &wire.Intercept{}
	a := newAccount(t, func(c *Config) { c.Intercept = faults })
	docs := a.container("c", keyPK)
	faults.Add(wire.Rule{Operation: "item.create", Nth: 2, Times: 2, Refuse: Refusal(429, 3200, 20*time.Millisecond)})
	var got []int
	for _, id := range []string{"1", "2", "3", "4"} {
		r := a.call("POST", docs, `{"id":"`+id+`","pk":"a"}`, pk("a"))
		got = append(got, r.status)
		if r.status == 429 && (r.sub() != "3200" || r.header.Get("x-ms-retry-after-ms") != "20") {
			t.Errorf("sub-status %q, wait %q", r.sub(), r.header.Get("x-ms-retry-after-ms"))
		}
	}
	if want := [4]int{201, 429, 429, 201}; [4]int(got) != want {
		t.Errorf("statuses %v, want %v", got, want)
	}
	if s := ids(t, a.must(200, "GET", docs, "", nil)); s != "1 4" {
		t.Errorf("stored %s", s)
	}
}

func TestInterceptLosesRequestsAndReplies(t *testing.T) {
	faults := &wire.Intercept{}
	a := newAccount(t, func(c *Config) { c.Intercept = faults })
	docs := a.container("c", keyPK)
	faults.Add(wire.Rule{Operation: "item.create", Drop: true})
	faults.Add(wire.Rule{Operation: "item.create", Nth: 2, LoseReply: true})
	send := func(id string) error {
		req, err := http.NewRequest("POST", a.server.URL+docs, strings.NewReader(`{"id":"`+id+`","pk":"a"}`))
		if err != nil {
			t.Fatal(err)
		}
		date := time.Now().UTC().Format(http.TimeFormat)
		req.Header = http.Header{hdrXDate: {date}, hdrPartitionKey: {`["a"]`}, hdrAuthorization: {signature(testKey, "POST", "docs", "dbs/d/colls/c", date)}}
		resp, err := a.server.Client().Do(req)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	if send("lost-request") == nil || send("lost-reply") == nil {
		t.Error("a dropped connection gave a reply")
	}
	a.must(404, "GET", docs+"/lost-request", "", pk("a"))
	a.must(200, "GET", docs+"/lost-reply", "", pk("a"))
	faults.Clear()
	a.must(201, "POST", docs, `{"id":"3","pk":"a"}`, pk("a"))
}

func TestRequestEvents(t *testing.T) {
	events := make(chan RequestDone, 20)
	a := newAccount(t, func(c *Config) { c.OnRequest = func(e RequestDone) { events <- e } })
	docs := a.container("c", keyPK)
	a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a"))
	a.call("GET", "/dbs/nix/colls/c/docs/1", "", pk("a"))
	var seen []RequestDone
	for len(seen) < 4 {
		seen = append(seen, <-events)
	}
	create, missing := seen[2], seen[3]
	if create.Account != a.service.account.ID || create.Operation != "item.create" || create.Database != "d" || create.Container != "c" || create.Status != 201 ||
		create.Charge != 5.5 || create.RequestBytes != 19 || create.ResponseBytes == 0 || create.Duration <= 0 || len(create.ActivityID) != 36 {
		t.Errorf("%+v", create)
	}
	if missing.Operation != "item.read" || missing.Status != 404 || missing.SubStatus != 1003 {
		t.Errorf("%+v", missing)
	}
}

func TestPanicsAreAnswered(t *testing.T) {
	a := newAccount(t, nil)
	a.service.onRequest = nil
	a.service.store = (docstore.Account{}) // whatever touches it now panics
	r := a.call("GET", "/dbs", "", nil)
	if r.status != 500 || strings.Contains(string(r.body), "nil pointer") {
		t.Errorf("%d %s", r.status, r.body)
	}
	a.must(200, "GET", "/", "", nil)
}
