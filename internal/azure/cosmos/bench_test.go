package cosmos

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// The benchmarks run server and client in one process over a loopback socket,
// with 16 connections and a store on the real disk that syncs every commit.
// Half of the time they measure is the client's. Figures: README of bench.

const benchDocument = `{"id":"%s","deviceId":"device-%03d","eventType":"telemetry","timestamp":"2026-03-04T05:06:07.890Z",` +
	`"data":{"temperature":24.31,"humidity":51.2,"pressure":1013.25},"location":{"region":"west","facility":"f-17"},` +
	`"eventHub":{"partitionKey":"device-001","sequenceNumber":12345,"offset":"4294967296"},"source":"eventhub-trigger","status":"processed"}`

// benchAccount is a service with one container of n documents.
type benchAccount struct {
	server *httptest.Server
	client *http.Client
	svc    *Service
	coll   *docstore.Container
}

func newBench(b *testing.B, n int, h2 bool) *benchAccount {
	b.Helper()
	db, err := kv.Open(kv.Options{FS: vfs.Default, Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	store, err := docstore.Open(docstore.Options{DB: db, Log: testkit.Discard()})
	if err != nil {
		b.Fatal(err)
	}
	exists, account := testCatalogue(b, store)
	svc, err := New(Config{Store: store.Account(account.ID), Exists: exists, Account: account, Log: testkit.Discard(), Access: withKey(testKey)})
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	d, err := store.Account(1).CreateDatabase(ctx, docstore.DatabaseSpec{ID: "d"})
	if err != nil {
		b.Fatal(err)
	}
	c, err := d.CreateContainer(ctx, docstore.ContainerSpec{ID: "c", PartitionKey: docstore.PartitionKeySpec{Paths: []string{"/deviceId"}, Version: 2}})
	if err != nil {
		b.Fatal(err)
	}
	var ops []docstore.Op
	for i := range n {
		ops = append(ops, docstore.Op{Kind: docstore.Create, Body: fmt.Appendf(nil, benchDocument, fmt.Sprint("seed-", i), i%100)})
		if len(ops) == 1000 || i == n-1 {
			if _, err := c.Write(ctx, ops, false); err != nil {
				b.Fatal(err)
			}
			ops = ops[:0]
		}
	}
	a := &benchAccount{svc: svc, coll: c, server: httptest.NewUnstartedServer(svc)}
	transport := &http.Transport{MaxIdleConnsPerHost: 16, MaxConnsPerHost: 16, DisableCompression: true}
	if h2 {
		a.server.EnableHTTP2 = true
		a.server.StartTLS()
		transport.ForceAttemptHTTP2 = true
		transport.TLSClientConfig = &tls.Config{RootCAs: a.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	} else {
		a.server.Start()
	}
	a.client = &http.Client{Transport: transport}
	b.Cleanup(func() {
		transport.CloseIdleConnections()
		a.server.Close()
		if err := store.Close(); err != nil {
			b.Error(err)
		}
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return a
}

// request builds a signed request.
func benchRequest(base, method, path, link, key, body string) *http.Request {
	req, err := http.NewRequest(method, base+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	req.Header = http.Header{
		hdrXDate: {date}, hdrAuthorization: {signature(testKey, method, "docs", link, date)},
		hdrPartitionKey: {`["` + key + `"]`}, hdrVersion: {"2020-11-05"}, "Accept": {"application/json"},
	}
	return req
}

// drive sends the requests that next makes from 16 goroutines.
func (a *benchAccount) drive(b *testing.B, want int, next func(i int64) *http.Request) {
	b.Helper()
	b.SetParallelism(8) // times GOMAXPROCS
	var n atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			resp, err := a.client.Do(next(n.Add(1)))
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != want {
				b.Errorf("status %d, %v", resp.StatusCode, err)
			}
			resp.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}

func benchmarkRead(b *testing.B, h2 bool) {
	const docs = 10_000
	a := newBench(b, docs, h2)
	a.drive(b, http.StatusOK, func(i int64) *http.Request {
		k := i * 7919 % docs
		path := fmt.Sprintf("dbs/d/colls/c/docs/seed-%d", k)
		return benchRequest(a.server.URL, "GET", "/"+path, path, fmt.Sprintf("device-%03d", k%100), "")
	})
}

func BenchmarkPointRead(b *testing.B)   { benchmarkRead(b, false) }
func BenchmarkPointReadH2(b *testing.B) { benchmarkRead(b, true) }

func benchmarkUpsert(b *testing.B, h2 bool) {
	a := newBench(b, 0, h2)
	a.drive(b, http.StatusCreated, func(i int64) *http.Request {
		body := fmt.Sprintf(benchDocument, fmt.Sprint("new-", i), i%100)
		req := benchRequest(a.server.URL, "POST", "/dbs/d/colls/c/docs", "dbs/d/colls/c", fmt.Sprintf("device-%03d", i%100), body)
		req.Header[hdrIsUpsert] = []string{"True"}
		return req
	})
}

func BenchmarkUpsert(b *testing.B)   { benchmarkUpsert(b, false) }
func BenchmarkUpsertH2(b *testing.B) { benchmarkUpsert(b, true) }

func BenchmarkQueryNewestTen(b *testing.B) {
	a := newBench(b, 10_000, false)
	const body = `{"query":"SELECT TOP 10 * FROM c WHERE c.deviceId = @d ORDER BY c._ts DESC","parameters":[{"name":"@d","value":"device-001"}]}`
	a.drive(b, http.StatusOK, func(int64) *http.Request {
		req := benchRequest(a.server.URL, "POST", "/dbs/d/colls/c/docs", "dbs/d/colls/c", "device-001", body)
		req.Header[hdrIsQuery], req.Header[hdrContentType] = []string{"True"}, []string{"application/query+json"}
		return req
	})
}

// discard is a reply that is thrown away: what is left is this package's own
// work for a request, without net/http and sockets.
type discard struct {
	h      http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

func BenchmarkHandlerPointRead(b *testing.B) {
	a := newBench(b, 1000, false)
	req := benchRequest("http://localhost", "GET", "/dbs/d/colls/c/docs/seed-1", "dbs/d/colls/c/docs/seed-1", "device-001", "")
	b.ReportAllocs()
	for b.Loop() {
		w := discard{h: make(http.Header, 32)}
		a.svc.ServeHTTP(&w, req)
		if w.status != http.StatusOK {
			b.Fatal(w.status)
		}
	}
}

func BenchmarkPatchApply(b *testing.B) {
	doc := fmt.Appendf(nil, benchDocument, "1", 1)
	patch, err := parsePatch([]byte(`{"operations":[{"op":"incr","path":"/data/temperature","value":1},{"op":"set","path":"/status","value":"seen"}]}`), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if out, err := patch.apply(doc); err != nil || bytes.Equal(out, doc) {
			b.Fatal(err)
		}
	}
}
