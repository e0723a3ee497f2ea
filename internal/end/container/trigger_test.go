package container_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

func feedTrigger(t *testing.T, m *endtest.Memory, r *endtest.Recorder, owner, extra string) *container.Trigger {
	t.Helper()
	setup := endtest.Setup(t, `{"name":"docs","type":"cosmosDBTrigger","databaseName":"db","containerName":"c","connection":"D"`+extra+`}`, "", r)
	setup.Owner = owner
	tr, err := container.NewTrigger(m.Containers(), setup)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

const beginning = `,"startFromBeginning":true`

func put(t *testing.T, m *endtest.Memory, docs ...string) {
	t.Helper()
	m.Put(t, "db", "c", docs...)
}

// leaseDoc returns a document of the lease container by the end of its id.
func leaseDoc(t *testing.T, m *endtest.Memory, suffix string) map[string]any {
	t.Helper()
	for _, d := range m.Documents("db", "leases") {
		var doc map[string]any
		if err := json.Unmarshal(d, &doc); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(fmt.Sprint(doc["id"]), suffix) {
			return doc
		}
	}
	return nil
}

// TestLeaseDocuments holds the shape that the .NET processor shares.
func TestLeaseDocuments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := endtest.New(1), &endtest.Recorder{}
		put(t, m, `{"id":"1"}`)
		err := endtest.Run(t, feedTrigger(t, m, r, "me", beginning+`,"leaseContainerPrefix":"p-"`), func() {
			if got := leaseDoc(t, m, "..0")["Owner"]; got != "me" {
				t.Errorf("owner while it runs: %v", got)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		lease := leaseDoc(t, m, "..0")
		if _, err := time.Parse(time.RFC3339Nano, fmt.Sprint(lease["timestamp"])); err != nil {
			t.Error(err)
		}
		delete(lease, "timestamp")
		want := map[string]any{
			"id": "p-localhost_db_c..0", "version": 0.0, "LeaseToken": "0", "Owner": nil, "ContinuationToken": `"1"`,
			"FeedRange":  map[string]any{"Range": map[string]any{"min": "", "max": "FF"}},
			"properties": map[string]any{}, "Mode": "Incremental Feed",
		}
		if diff := cmp.Diff(want, lease); diff != "" {
			t.Error(diff)
		}
		if leaseDoc(t, m, "p-localhost_db_c.info") == nil {
			t.Error("no .info document")
		}
	})
}

// TestFeedPosition: pages in order, the position survives, and failure does
// not hold the feed.
func TestFeedPosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(1)
		put(t, m, `{"id":"1"}`, `{"id":"2"}`, `{"id":"3"}`)
		r := &endtest.Recorder{Answer: func(_ context.Context, n int) error {
			if n == 1 {
				return errors.New("the function failed")
			}
			return nil
		}}
		extra := beginning + `,"maxItemsPerInvocation":2`
		if err := endtest.Run(t, feedTrigger(t, m, r, "me", extra), func() { put(t, m, `{"id":"4"}`) }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{2, 1, 1}, r.Items()); diff != "" {
			t.Error(diff)
		}
		put(t, m, `{"id":"5"}`)
		again := &endtest.Recorder{}
		if err := endtest.Run(t, feedTrigger(t, m, again, "me", extra), nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{1}, again.Items()); diff != "" {
			t.Error(diff)
		}
		if got := again.Calls()[0].Data(nil).GetJson(); got != `[{"id":"5"}]` {
			t.Errorf("data: %s", got)
		}
		if got, ok := again.Calls()[0].Values("id"); !ok || got != "5" {
			t.Errorf("{id} = %q", got)
		}
	})
}

// TestFeedFromNow: without startFromBeginning only changes after the first
// start count, also those made while the host was down.
func TestFeedFromNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := endtest.New(1), &endtest.Recorder{}
		put(t, m, `{"id":"old"}`)
		if err := endtest.Run(t, feedTrigger(t, m, r, "me", ""), nil); err != nil {
			t.Fatal(err)
		}
		if len(r.Items()) != 0 {
			t.Errorf("old changes were delivered: %v", r.Items())
		}
		put(t, m, `{"id":"new"}`)
		if err := endtest.Run(t, feedTrigger(t, m, r, "me", ""), nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{1}, r.Items()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestCutOffFeed: a page that was cut off is delivered again.
func TestCutOffFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(1)
		put(t, m, `{"id":"1"}`)
		r := &endtest.Recorder{Answer: func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return trigger.ErrCancelled
		}}
		if err := endtest.Run(t, feedTrigger(t, m, r, "me", beginning), nil); err != nil {
			t.Fatal(err)
		}
		again := &endtest.Recorder{}
		if err := endtest.Run(t, feedTrigger(t, m, again, "me", beginning), nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{1}, again.Items()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestTwoHosts: the second waits while the first lives, takes over when the
// first releases the lease, and at once: nobody sees a change twice.
func TestTwoHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(1)
		first, second := &endtest.Recorder{}, &endtest.Recorder{}
		ctx1, stop1 := context.WithCancel(t.Context())
		ctx2, stop2 := context.WithCancel(t.Context())
		done := make(chan error, 2)
		go func() { done <- feedTrigger(t, m, first, "one", beginning).Run(ctx1) }()
		synctest.Wait()
		go func() { done <- feedTrigger(t, m, second, "two", beginning).Run(ctx2) }()
		for i := range 5 { // longer than a lease lives, so it is renewed
			<-time.After(30 * time.Second)
			put(t, m, fmt.Sprintf(`{"id":"a%d"}`, i))
		}
		synctest.Wait()
		if len(first.Items()) != 5 || len(second.Items()) != 0 {
			t.Errorf("%v and %v", first.Items(), second.Items())
		}
		stop1()
		synctest.Wait()
		put(t, m, `{"id":"b"}`)
		<-time.After(14 * time.Second) // the second looks every 13 s
		synctest.Wait()
		if diff := cmp.Diff([]int{1}, second.Items()); diff != "" {
			t.Error(diff)
		}
		stop2()
		if err := errors.Join(<-done, <-done); err != nil {
			t.Error(err)
		}
	})
}

// TestStolenLease: a host whose lease was taken stops delivering.
func TestStolenLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, r := endtest.New(1), &endtest.Recorder{}
		put(t, m, `{"id":"1"}`)
		err := endtest.Run(t, feedTrigger(t, m, r, "me", beginning), func() {
			steal(t, m)
			put(t, m, `{"id":"2"}`) // delivered perhaps, but its checkpoint fails
			synctest.Wait()
			put(t, m, `{"id":"3"}`)
			synctest.Wait()
			if n := len(r.Items()); n > 2 {
				t.Errorf("%d deliveries after the lease was lost", n)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := leaseDoc(t, m, "..0")["Owner"]; got != "thief" {
			t.Errorf("owner: %v", got)
		}
	})
}

// steal takes the lease over as another processor would.
func steal(t *testing.T, m *endtest.Memory) {
	t.Helper()
	c, err := endtest.Connections().Connection(settings.CosmosDB, "D")
	if err != nil {
		t.Fatal(err)
	}
	leases, err := m.Containers().Leases(t.Context(), c, "db", "leases", false)
	if err != nil {
		t.Fatal(err)
	}
	body, err := leases.Read(t.Context(), "localhost_db_c..0")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		ETag string `json:"_etag"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	body = []byte(strings.Replace(string(body), `"Owner":"me"`, `"Owner":"thief"`, 1))
	if _, err := leases.Replace(t.Context(), body, doc.ETag); err != nil {
		t.Fatal(err)
	}
}

func TestFeedDeclarations(t *testing.T) {
	for extra, want := range map[string]string{
		``:                     "needs databaseName",
		`,"databaseName":"db"`: "needs databaseName",
		`,"databaseName":"db","containerName":"leases"`:                                                                              "monitored container",
		`,"databaseName":"db","collectionName":"c","connectionStringSetting":"D"`:                                                    "container db/c",
		`,"databaseName":"db","containerName":"c","connection":"No"`:                                                                 "no setting No",
		`,"databaseName":"db","containerName":"c","connection":"D","leaseConnection":"No2"`:                                          "no setting No2",
		`,"databaseName":"db","containerName":"c","connection":"D","startFromBeginning":"maybe"`:                                     "true or false",
		`,"databaseName":"db","containerName":"c","connection":"D","startFromTime":"noon"`:                                           "must be a time",
		`,"databaseName":"db","containerName":"c","connection":"D","startFromBeginning":true,"startFromTime":"2026-01-01T00:00:00Z"`: "exclude each other",
		`,"databaseName":"db","containerName":"c","connection":"D","maxItemsPerInvocation":0`:                                        "must not be 0",
		`,"databaseName":"db","containerName":"c","connection":"D","maxItemsPerInvocation":"x"`:                                      "whole number",
	} {
		tr, err := container.NewTrigger(nil, endtest.Setup(t, `{"name":"d","type":"cosmosDBTrigger"`+extra+`}`, "", nil))
		got := fmt.Sprint(err)
		if err == nil {
			got = tr.Source().Words
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %q", extra, got, want)
		}
	}
}
