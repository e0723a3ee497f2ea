package changefeed_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"

	"github.com/lazuli-dev/lazuli/changefeed"
)

// cut is an account behind a line that can be cut, as if its process were killed.
type cut struct {
	a   *account
	cut atomic.Bool
}

func newCut(a *account) *cut { return &cut{a: a} }

func (c *cut) off() { c.cut.Store(true) }

// Do implements policy.Transporter.
func (c *cut) Do(r *http.Request) (*http.Response, error) {
	if c.cut.Load() {
		return nil, errors.New("the line is cut")
	}
	return c.a.Do(r)
}

func (c *cut) processor(t testing.TB, handle changefeed.Handler, o changefeed.Options) interface {
	Run(context.Context) error
} {
	t.Helper()
	options := azcore.ClientOptions{Transport: c}
	options.Retry.MaxRetries = -1
	client, err := azcosmos.NewClientFromConnectionString(connection, &azcosmos.ClientOptions{ClientOptions: options})
	if err != nil {
		t.Fatal(err)
	}
	leases, err := client.NewContainer("db", "leases")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := changefeed.NewContainerFromConnectionString(connection, "db", "docs", &changefeed.ContainerOptions{ClientOptions: options})
	if err != nil {
		t.Fatal(err)
	}
	p, err := changefeed.New(docs, changefeed.Leases(leases), handle, &o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
