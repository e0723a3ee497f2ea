package cosmos

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"

	end "github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/remote/storage"
)

// Reader implements end.Service. The service says at the first read that there is no
// such container.
func (s *Service) Reader(ctx context.Context, c settings.Connection, database, container string) (end.Reader, error) {
	client, err := s.container(ctx, c, database, container, "")
	if err != nil {
		return nil, err
	}
	return &reader{client, words(c, database, container)}, nil
}

type reader struct {
	client *azcosmos.ContainerClient
	words  string // what it is, for messages
}

// noOwner is the sub-status of a 404 that is the container's.
const noOwner = "1003"

// Read implements end.Reader.
func (r *reader) Read(ctx context.Context, id string, key *string) ([]byte, error) {
	got, err := r.client.ReadItem(withKey(ctx, key), azcosmos.NewPartitionKey(), id, nil)
	var refused *azcore.ResponseError
	if errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound && refused.RawResponse.Header.Get("x-ms-substatus") != noOwner {
		return nil, nil
	}
	return got.Value, storage.Fault(err, r.words)
}

// withKey asks for one partition: that of a text, or of documents without a value.
func withKey(ctx context.Context, key *string) context.Context {
	header := "[" + missing + "]"
	if key != nil {
		text, err := json.Marshal(*key)
		if err != nil {
			panic(err) // a text always encodes
		}
		var b strings.Builder
		writeASCII(&b, "["+string(text)+"]")
		header = b.String()
	}
	return policy.WithHTTPHeader(ctx, http.Header{http.CanonicalHeaderKey("x-ms-documentdb-partitionkey"): {header}})
}

// Query implements end.Reader. What a query over all partitions may ask is the
// service's to say: its gateway does not order or aggregate over several.
func (r *reader) Query(ctx context.Context, q end.Query) (rows [][]byte, err error) {
	o := &azcosmos.QueryOptions{}
	for _, p := range q.Parameters {
		o.QueryParameters = append(o.QueryParameters, azcosmos.QueryParameter{Name: p.Name, Value: p.Value})
	}
	if q.Key != nil {
		ctx = withKey(ctx, q.Key)
	}
	for pages := r.client.NewQueryItemsPager(q.Text, azcosmos.NewPartitionKey(), o); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, storage.Fault(err, r.words)
		}
		rows = append(rows, page.Items...)
	}
	return rows, nil
}
