package telemetry

import (
	"fmt"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// TestStorageIsCounted: by service of an account and by container, queue or table, of
// which wrong names make none.
func TestStorageIsCounted(t *testing.T) {
	c := New()
	done := func(service storage.Service, account uint64, name string, status int, in, out int64) {
		c.FromStorage(storage.RequestDone{
			Service: service, Account: account, Container: name, Status: status, RequestBytes: in, ResponseBytes: out, Duration: time.Millisecond,
		})
	}
	done(storage.Blob, 1, "box", 201, 5, 0)
	done(storage.Blob, 1, "box", 200, 0, 7)
	done(storage.Blob, 1, "box", 404, 0, 0)
	done(storage.Blob, 1, "", 200, 0, 100)
	done(storage.Blob, 2, "box", 503, 1, 0)
	done(storage.Blob, 2, "box", 0, 1, 0)
	done(storage.Queue, 1, "box", 204, 1, 0)
	done(storage.Table, 1, "Rows", 204, 1, 0)
	done(storage.Table, 1, "rOWS", 204, 1, 0)
	for n := range 1000 {
		done(storage.Blob, 1, fmt.Sprint("wrong", n), 404, 0, 0)
	}
	for _, x := range []struct {
		service storage.Service
		account uint64
		name    string
		want    string // requests refused failed in out ms
	}{
		{storage.Blob, 1, "box", "3 1 0 5 7 3"},
		{storage.Blob, 1, "", "1004 1001 0 5 107 1004"},
		{storage.Blob, 2, "", "2 0 2 2 0 2"},
		{storage.Blob, 2, "box", "none"},
		{storage.Blob, 1, "wrong1", "none"},
		{storage.Queue, 1, "box", "1 0 0 1 0 1"},
		{storage.Table, 1, "ROWS", "2 0 0 2 0 2"},
	} {
		got := "none"
		if s := c.Storage(x.account, x.service, x.name); s != nil {
			got = fmt.Sprint(s.Requests.Load(), s.Refused.Load(), s.Failed.Load(), s.BytesIn.Load(), s.BytesOut.Load(), s.Micros.Load()/1000)
		}
		if got != x.want {
			t.Errorf("%v %d %q: %s, want %s", x.service, x.account, x.name, got, x.want)
		}
	}
	totals := map[string]int64{}
	c.StorageTotals(func(name string, n int64) { totals[name] += n })
	if got := fmt.Sprint(totals); got != "map[storageBytesIn:10 storageBytesOut:107 storageFailed:2 storageRequests:1009]" {
		t.Error(got)
	}
	if n := len(c.storage.all); n != 7 { // box, queue box, rows; the services of both accounts
		t.Errorf("%d counters", n)
	}
}

// TestStorageCountsWithoutAllocation: there is one of these calls in each request.
func TestStorageCountsWithoutAllocation(t *testing.T) {
	c := New()
	for _, e := range []storage.RequestDone{
		{Service: storage.Blob, Account: 1, Container: "box", Status: 200},
		{Service: storage.Table, Account: 1, Container: "Telemetry", Status: 204},
		{Service: storage.Queue, Account: 1, Container: "missing", Status: 404},
	} {
		c.FromStorage(e)
		if n := testing.AllocsPerRun(100, func() { c.FromStorage(e) }); n != 0 {
			t.Errorf("%v: %v allocations", e.Service, n)
		}
	}
}

func BenchmarkFromStorage(b *testing.B) {
	c := New()
	e := storage.RequestDone{Service: storage.Table, Account: 1, Container: "Telemetry", Status: 204, RequestBytes: 500}
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			c.FromStorage(e)
		}
	})
}
