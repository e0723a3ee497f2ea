package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"math/bits"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// recorder keeps the requests that clients sent, bodies left out, and answers with
// what makes SDKs content.
type recorder struct{ requests []*http.Request }

func (c *recorder) handler(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.requests = append(c.requests, r.Clone(context.Background()))
		w.WriteHeader(status)
	}
}

// record runs clients against a recorder. What they make of the answers is nothing
// to us: the requests are.
func record(t testing.TB, run func(url string, options policy.ClientOptions)) []*http.Request {
	t.Helper()
	var c recorder
	s := httptest.NewServer(c.handler(http.StatusCreated))
	defer s.Close()
	run(s.URL+"/"+testAccount, policy.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}})
	if len(c.requests) == 0 {
		t.Fatal("no client sent anything")
	}
	return c.requests
}

func blobRequests(t testing.TB, key string) []*http.Request {
	return record(t, func(url string, o policy.ClientOptions) {
		cred, err := azblob.NewSharedKeyCredential(testAccount, key)
		if err != nil {
			t.Fatal(err)
		}
		client, err := azblob.NewClientWithSharedKeyCredential(url, cred, &azblob.ClientOptions{ClientOptions: o})
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		meta := map[string]*string{"a_b": to.Ptr("1"), "ab": to.Ptr("2"), "a1": to.Ptr(""), "A.c": to.Ptr("x y")}
		_, _ = client.CreateContainer(ctx, "box", &azblob.CreateContainerOptions{Metadata: meta})
		_, _ = client.UploadBuffer(ctx, "box", "a b/ü+c&d=e", []byte("hello"), &azblob.UploadBufferOptions{
			Metadata:    meta,
			HTTPHeaders: &blob.HTTPHeaders{BlobContentType: to.Ptr("text/plain"), BlobContentLanguage: to.Ptr("ko")},
		})
		_, _ = client.DownloadStream(ctx, "box", "a", &azblob.DownloadStreamOptions{
			Range:            azblob.HTTPRange{Offset: 1, Count: 2},
			AccessConditions: &azblob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: to.Ptr(azcore.ETag(`"0x8D"`))}},
		})
		_, _ = client.ServiceClient().NewContainerClient("box").NewBlockBlobClient("x").Upload(ctx, struct {
			*bytes.Reader
			nopCloser
		}{bytes.NewReader(nil), nopCloser{}}, &blockblob.UploadOptions{})
		_, _ = client.NewListBlobsFlatPager("box", &azblob.ListBlobsFlatOptions{Prefix: to.Ptr("a+b =,%"), Marker: to.Ptr("2!8!x=")}).NextPage(ctx)
	})
}

type nopCloser struct{}

func (nopCloser) Close() error { return nil }

func queueRequests(t testing.TB, key string) []*http.Request {
	return record(t, func(url string, o policy.ClientOptions) {
		cred, err := azqueue.NewSharedKeyCredential(testAccount, key)
		if err != nil {
			t.Fatal(err)
		}
		client, err := azqueue.NewServiceClientWithSharedKeyCredential(url, cred, &azqueue.ClientOptions{ClientOptions: o})
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		q := client.NewQueueClient("jobs")
		_, _ = q.Create(ctx, nil)
		_, _ = q.EnqueueMessage(ctx, "<&>", nil)
		_, _ = q.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{NumberOfMessages: to.Ptr(int32(3))})
		_, _ = q.DeleteMessage(ctx, "id", "AgAA+/==", nil)
	})
}

func tableRequests(t testing.TB, key string) []*http.Request {
	return record(t, func(url string, o policy.ClientOptions) {
		cred, err := aztables.NewSharedKeyCredential(testAccount, key)
		if err != nil {
			t.Fatal(err)
		}
		client, err := aztables.NewServiceClientWithSharedKey(url, cred, &aztables.ClientOptions{ClientOptions: o})
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		table := client.NewClient("people")
		_, _ = client.CreateTable(ctx, "people", nil)
		entity, err := json.Marshal(map[string]any{"PartitionKey": "a b", "RowKey": "c'd"})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = table.AddEntity(ctx, entity, nil)
		_, _ = table.GetEntity(ctx, "a b", "c'd/é", nil)
		_, _ = table.NewListEntitiesPager(&aztables.ListEntitiesOptions{Filter: to.Ptr("PartitionKey eq 'x y'")}).NextPage(ctx)
		_, _ = table.SubmitTransaction(ctx, []aztables.TransactionAction{{ActionType: aztables.TransactionTypeAdd, Entity: entity}}, nil)
	})
}

// TestSharedKeyOfSDKs: what the official clients sign verifies, with either key, and
// no longer when a signed thing is another.
func TestSharedKeyOfSDKs(t *testing.T) {
	for service, requests := range map[Service]func(testing.TB, string) []*http.Request{Blob: blobRequests, Queue: queueRequests, Table: tableRequests} {
		e := newEndpoint(t, service, newAccess())
		for _, key := range []string{DevelopmentKey, otherKey} {
			for _, h := range requests(t, key) {
				name := service.String() + " " + h.Method + " " + h.RequestURI
				if code := authorizeCode(e, h); code != "" {
					t.Errorf("%s: %s", name, code)
				}
				for what, change := range tampers(service) {
					other := h.Clone(context.Background())
					change(other)
					if code := authorizeCode(e, other); code != "AuthenticationFailed" {
						t.Errorf("%s with another %s: %q", name, what, code)
					}
				}
			}
		}
		for _, h := range requests(t, "b3RoZXI=") {
			if code := authorizeCode(e, h); code != "AuthenticationFailed" {
				t.Errorf("%v %s by a foreign key: %q", service, h.RequestURI, code)
			}
		}
	}
}

// tampers change one signed thing of a request.
func tampers(s Service) map[string]func(*http.Request) {
	changes := map[string]func(*http.Request){
		"path": func(r *http.Request) {
			path, query, more := strings.Cut(r.RequestURI, "?")
			r.RequestURI = path + "x"
			if more {
				r.RequestURI += "?" + query
			}
		},
		"date":      func(r *http.Request) { r.Header.Set("X-Ms-Date", "Sun, 29 Nov 1998 13:54:28 GMT") },
		"signature": func(r *http.Request) { r.Header.Set("Authorization", flip(r.Header.Get("Authorization"))) },
		"account":   func(r *http.Request) { r.Header.Set("Authorization", "SharedKey other:"+strings.Repeat("A", 43)+"=") },
		"comp": func(r *http.Request) {
			r.RequestURI += map[bool]string{true: "&", false: "?"}[strings.Contains(r.RequestURI, "?")] + "comp=other"
		},
	}
	if s == Table {
		delete(changes, "comp") // of two, the first counts
		return changes
	}
	changes["verb"] = func(r *http.Request) { r.Method += "X" }
	changes["header"] = func(r *http.Request) { r.Header.Set("X-Ms-Meta-New", "") }
	changes["type"] = func(r *http.Request) { r.Header.Set("Content-Type", "a/b") }
	changes["range"] = func(r *http.Request) { r.Header.Set("Range", "bytes=0-0"); r.Header.Set("If-Match", "*") }
	changes["length"] = func(r *http.Request) { r.ContentLength += 7 }
	return changes
}

// flip changes a character in the middle, which no encoding ignores.
func flip(s string) string {
	b := []byte(s)
	at := len(b) - 20
	if b[at] = 'A'; s[at] == 'A' {
		b[at] = 'B'
	}
	return string(b)
}

func authorizeCode(e *Endpoint, h *http.Request) string {
	r, err := e.Begin(httptest.NewRecorder(), h)
	if err == nil {
		_, err = e.Authorize(r, &anyOperation, Target{})
	}
	if err == nil {
		return ""
	}
	return FromFault(err).Code
}

// TestUsualVariantIsFirst: whatever the last client's way of signing was, all ways are
// tried, that one first.
func TestUsualVariantIsFirst(t *testing.T) {
	for all := range variant(1 << 7) {
		for _, usual := range []variant{0, cultural, swapped | rangeless, zeroLength, all, 1<<7 - 1} {
			seen, first := map[variant]bool{}, true
			for v := range subsetsFrom(usual, all) {
				if first && v != usual&all || v&^all != 0 || seen[v] {
					t.Fatalf("of %b, %b first: %b", all, usual, v)
				}
				seen[v], first = true, false
			}
			if len(seen) != 1<<bits.OnesCount8(uint8(all)) {
				t.Fatalf("of %b, %b first: %d subsets", all, usual, len(seen))
			}
		}
	}
}
