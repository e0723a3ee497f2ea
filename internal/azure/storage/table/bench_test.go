package table

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// benchService is a service over a store on the disk, synced always.
func benchService(b *testing.B) *Service {
	db, err := kv.Open(kv.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	store, err := tablestore.Open(tablestore.Options{DB: db, Log: testkit.Discard()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		store.Close()
		db.Close()
	})
	exists, err := resource.Open(resource.NewMem())
	if err == nil {
		err = exists.Register(Kinds(store, nil)...)
	}
	if err != nil {
		b.Fatal(err)
	}
	account, err := exists.EnsureAccount(resource.StorageAccounts, testAccount)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := store.Account(account.ID).CreateTable(b.Context(), "Bench"); err != nil {
		b.Fatal(err)
	}
	s, err := New(Config{
		Store: store.Account(account.ID), Exists: exists, Account: account, Log: testkit.Discard(),
		Access: &testAccess{keys: storage.Keys{Primary: storage.DevelopmentKey}},
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// benchRequest is a signed request of an entity, as it comes in.
func benchRequest(b *testing.B, method string, n int, body []byte) *http.Request {
	path := fmt.Sprintf("/%s/Bench(PartitionKey='device-%03d',RowKey='%09d')", testAccount, n%100, n)
	r := httptest.NewRequestWithContext(b.Context(), method, path, bytes.NewReader(body))
	r.Header.Set("X-Ms-Date", time.Now().UTC().Format(http.TimeFormat))
	r.Header.Set("X-Ms-Version", "2019-02-02")
	r.Header.Set("Accept", "application/json;odata=minimalmetadata")
	r.Header.Set("Content-Type", "application/json")
	sign(b, r)
	return r
}

// discard is a reply that nobody reads.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

// run serves b.N requests, sixteen at a time, without sockets.
func run(b *testing.B, s *Service, want int, request func(n int) *http.Request) {
	b.Helper()
	b.ReportAllocs()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range 16 {
		wg.Go(func() {
			for n := int(next.Add(1)); n <= b.N; n = int(next.Add(1)) {
				w := &discard{header: http.Header{}}
				if s.ServeHTTP(w, request(n)); w.status != want {
					b.Errorf("status %d", w.status)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

var benchBody = []byte(`{"PartitionKey@odata.type":"Edm.String","Temperature":21.5,"Humidity":40.25,"Count":7,"Sequence@odata.type":"Edm.Int64","Sequence":"123456789012",` +
	`"Region":"koreacentral","When@odata.type":"Edm.DateTime","When":"2024-01-31T12:00:00.123Z","Ok":true}`)

func BenchmarkServeUpsert(b *testing.B) {
	s := benchService(b)
	run(b, s, http.StatusNoContent, func(n int) *http.Request { return benchRequest(b, http.MethodPut, n, benchBody) })
}

func BenchmarkServePointRead(b *testing.B) {
	s := benchService(b)
	requests := make([]*http.Request, 1000)
	for n := range requests {
		s.ServeHTTP(&discard{header: http.Header{}}, benchRequest(b, http.MethodPut, n, benchBody))
		requests[n] = benchRequest(b, http.MethodGet, n, nil)
	}
	run(b, s, http.StatusOK, func(n int) *http.Request { return requests[n%1000] })
}
