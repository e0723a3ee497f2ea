package report

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/tracecontext"
)

func gatewayCall() gateway.Call {
	x := &policy.Exchange{
		About: &policy.About{Service: "default", ServiceID: "default", Region: "Local"}, TraceParent: tracecontext.Child(""),
		Request: &policy.Request{Original: &url.URL{Scheme: "http", Host: "h", Path: "/a", RawQuery: "subscription-key=secret"}},
	}
	return gateway.Call{Method: http.MethodGet, Path: "/a", Status: 200, Exchange: x}
}

// Of few calls each is told, of many a part that says for how many it stands; and all
// that are there when it ends.
func TestManyCalls(t *testing.T) {
	testkit.NoLeaks(t)
	for _, n := range []int{1, wholeBatch, 10_000} {
		told, stands := 0, 0
		g := NewGateway(func(items ...*item.Item) {
			told++
			stands += items[0].Count
			if url := items[0].Body.(*item.Request).URL; url != "http://h/a" {
				t.Error(url)
			}
		})
		for range n {
			g.Done(gatewayCall())
		}
		ctx, end := context.WithCancel(t.Context())
		end()
		if err := g.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if n <= wholeBatch && told != n || stands < n-oneIn || stands > n+oneIn || told > wholeBatch+n/oneIn {
			t.Errorf("of %d calls %d are told, for %d", n, told, stands)
		}
	}
}

func BenchmarkGatewayDone(b *testing.B) {
	g := NewGateway(func(...*item.Item) {})
	ctx, end := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = g.Run(ctx) }()
	c := gatewayCall()
	b.ReportAllocs()
	for b.Loop() {
		g.Done(c)
	}
	end()
	<-ended
}
