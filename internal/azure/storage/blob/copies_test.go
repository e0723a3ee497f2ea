package blob

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	sdkblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// afar is a server elsewhere, whose content stops in the middle until a test lets it go
// on.
type afar struct {
	*httptest.Server
	asked atomic.Int32
	goOn  chan struct{} // one for each answer
	then  func(w http.ResponseWriter, r *http.Request)
}

const farContent = "0123456789"

func newAfar(t *testing.T) *afar {
	f := &afar{goOn: make(chan struct{})}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.asked.Add(1)
		w.Header().Set("ETag", `"far"`)
		w.Header().Set("Content-Type", "text/csv")
		if m := r.Header.Get("If-Match"); m != "" && m != `"far"` || r.Header.Get("X-Gone") != "" {
			w.WriteHeader(http.StatusPreconditionFailed)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(farContent)))
		_, _ = w.Write([]byte(farContent[:4]))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-f.goOn:
		case <-r.Context().Done():
			return
		}
		if f.then != nil {
			f.then(w, r)
			return
		}
		_, _ = w.Write([]byte(farContent[4:]))
	}))
	t.Cleanup(f.Close)
	return f
}

// until asks for a blob's properties until a copy to it is as told.
func until(t *testing.T, b *sdkblob.Client, is func(sdkblob.GetPropertiesResponse) bool) sdkblob.GetPropertiesResponse {
	t.Helper()
	var p sdkblob.GetPropertiesResponse
	testkit.Eventually(t, 20*time.Second, func() bool {
		var err error
		p, err = b.GetProperties(t.Context(), nil)
		noError(t, err)
		return is(p)
	}, "the copy to be as told")
	return p
}

func status(want sdkblob.CopyStatusType) func(sdkblob.GetPropertiesResponse) bool {
	return func(p sdkblob.GetPropertiesResponse) bool { return *p.CopyStatus == want }
}

// A copy from elsewhere is pending, tells how far it has come, and ends by itself.
func TestSDKPendingCopy(t *testing.T) {
	a, far := newAccount(t, nil), newAfar(t)
	c, ctx := a.sdkContainer(), t.Context()
	b := c.NewBlobClient("copy")
	r, err := b.StartCopyFromURL(ctx, far.URL+"/file?sig=secret", &sdkblob.StartCopyFromURLOptions{Metadata: map[string]*string{"k": to.Ptr("v")}})
	if err != nil || *r.CopyStatus != sdkblob.CopyStatusTypePending || *r.CopyID == "" {
		t.Fatalf("%+v %v", r, err)
	}
	p := until(t, b, func(p sdkblob.GetPropertiesResponse) bool { return *p.CopyProgress == "4/10" })
	if *p.CopyStatus != sdkblob.CopyStatusTypePending || *p.ContentLength != 0 || *p.CopySource != far.URL+"/file" || p.CopyCompletionTime != nil || *p.CopyID != *r.CopyID {
		t.Errorf("%+v", p)
	}
	if list := a.must(200, "GET", "/box?restype=container&comp=list&include=copy", "", nil); list.node("CopyStatus") != "pending" || list.node("CopyProgress") != "4/10" {
		t.Error(list.body)
	}
	_, err = b.StartCopyFromURL(ctx, far.URL+"/file", nil)
	wants(t, err, bloberror.PendingCopyOperation)
	_, err = b.Delete(ctx, nil)
	wants(t, err, bloberror.PendingCopyOperation)
	_, err = c.NewBlobClient("other").StartCopyFromURL(ctx, b.URL(), nil)
	wants(t, err, bloberror.PendingCopyOperation)
	far.goOn <- struct{}{}
	done := until(t, b, status(sdkblob.CopyStatusTypeSuccess))
	if *done.CopyProgress != "10/10" || done.CopyCompletionTime == nil || *done.ETag == *p.ETag || *done.ContentType != "text/csv" || *done.Metadata["K"] != "v" || len(done.ContentMD5) != 16 {
		t.Errorf("%+v", done)
	}
	if got := download(t, b); got != farContent {
		t.Errorf("%q", got)
	}
	_, err = b.AbortCopyFromURL(ctx, *r.CopyID, nil)
	wants(t, err, bloberror.NoPendingCopyOperation)
}

func TestSDKAbortCopy(t *testing.T) {
	a, far := newAccount(t, nil), newAfar(t)
	c, ctx := a.sdkContainer(), t.Context()
	bb := c.NewBlockBlobClient("copy")
	b := bb.BlobClient()
	_, err := bb.Upload(ctx, body("before"), nil)
	noError(t, err)
	l, err := lease.NewBlobClient(b, nil)
	noError(t, err)
	held, err := l.AcquireLease(ctx, 15, nil)
	noError(t, err)
	with := &sdkblob.AccessConditions{LeaseAccessConditions: &sdkblob.LeaseAccessConditions{LeaseID: held.LeaseID}}
	_, err = b.StartCopyFromURL(ctx, far.URL, &sdkblob.StartCopyFromURLOptions{AccessConditions: with})
	wants(t, err, "InfiniteLeaseDurationRequired")
	_, err = l.AcquireLease(ctx, -1, nil)
	noError(t, err)
	_, err = b.StartCopyFromURL(ctx, far.URL, &sdkblob.StartCopyFromURLOptions{AccessConditions: &sdkblob.AccessConditions{
		LeaseAccessConditions: with.LeaseAccessConditions, ModifiedAccessConditions: &sdkblob.ModifiedAccessConditions{IfMatch: to.Ptr(azcore.ETag(`"0x1"`))},
	}})
	wants(t, err, bloberror.ConditionNotMet)
	r, err := b.StartCopyFromURL(ctx, far.URL, &sdkblob.StartCopyFromURLOptions{AccessConditions: with})
	noError(t, err)
	_, err = l.ReleaseLease(ctx, nil)
	wants(t, err, bloberror.PendingCopyOperation)
	_, err = b.AbortCopyFromURL(ctx, *r.CopyID, nil)
	wants(t, err, bloberror.LeaseIDMissing)
	_, err = b.AbortCopyFromURL(ctx, "11111111-2222-3333-4444-555555555555", &sdkblob.AbortCopyFromURLOptions{LeaseAccessConditions: with.LeaseAccessConditions})
	wants(t, err, bloberror.CopyIDMismatch)
	_, err = b.AbortCopyFromURL(ctx, *r.CopyID, &sdkblob.AbortCopyFromURLOptions{LeaseAccessConditions: with.LeaseAccessConditions})
	noError(t, err)
	p, err := b.GetProperties(ctx, nil)
	if err != nil || *p.CopyStatus != sdkblob.CopyStatusTypeAborted || *p.ContentLength != 0 || p.CopyCompletionTime == nil {
		t.Errorf("%+v %v", p, err)
	}
	_, err = b.AbortCopyFromURL(ctx, *r.CopyID, &sdkblob.AbortCopyFromURLOptions{LeaseAccessConditions: with.LeaseAccessConditions})
	wants(t, err, bloberror.NoPendingCopyOperation)
	_, err = l.ReleaseLease(ctx, nil)
	noError(t, err)
	_, err = bb.Upload(ctx, body("after"), nil)
	noError(t, err)
}

// What fails for the moment is tried again, from its start and of the same content;
// what does not get better is told.
func TestCopyFails(t *testing.T) {
	for name, c := range map[string]struct {
		then  func(w http.ResponseWriter, r *http.Request)
		want  string
		asked int32
	}{
		"breaks off": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, `500 OperationCancelled "The copy failed when reading the source."`, 3},
	} {
		t.Run(name, func(t *testing.T) {
			a, far := newAccount(t, nil), newAfar(t)
			far.then = c.then
			go func() {
				for {
					select {
					case far.goOn <- struct{}{}:
					case <-t.Context().Done():
						return
					}
				}
			}()
			b := a.sdkContainer().NewBlobClient("copy")
			_, err := b.StartCopyFromURL(t.Context(), far.URL, nil)
			noError(t, err)
			p := until(t, b, status(sdkblob.CopyStatusTypeFailed))
			if *p.CopyStatusDescription != c.want || *p.ContentLength != 0 || p.CopyCompletionTime == nil || far.asked.Load() != c.asked {
				t.Errorf("%s, asked %d times", *p.CopyStatusDescription, far.asked.Load())
			}
		})
	}
}

// A process that begins goes on with what another left.
func TestCopiesGoOn(t *testing.T) {
	a, far := newAccount(t, nil), newAfar(t)
	a.container()
	left := func(blob, etag string) {
		order := copyOrder{URL: far.URL, Reach: reachMachine, ETag: etag}
		text, err := order.text()
		noError(t, err)
		put := objectstore.Put{Type: objectstore.BlockBlob, Copy: &objectstore.Copy{ID: blob, Source: far.URL, Total: 10}}
		_, _, err = a.store.BeginCopy(t.Context(), objectstore.Address{Container: "box", Blob: blob}, put, text)
		noError(t, err)
	}
	left("same", `"far"`)
	left("another", `"other"`)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	next := NewCopies(CopiesOptions{Store: a.engine, Log: testkit.Discard()})
	go func() { ended <- next.Run(ctx) }()
	defer func() {
		stop()
		noError(t, <-ended)
	}()
	far.goOn <- struct{}{}
	c := a.sdk().NewContainerClient("box")
	until(t, c.NewBlobClient("same"), status(sdkblob.CopyStatusTypeSuccess))
	if got := download(t, c.NewBlobClient("same")); got != farContent {
		t.Errorf("%q", got)
	}
	p := until(t, c.NewBlobClient("another"), status(sdkblob.CopyStatusTypeFailed))
	if *p.CopyStatusDescription != `412 ConditionNotMet "Copy failed when reading the source."` {
		t.Error(*p.CopyStatusDescription)
	}
}

func TestDescription(t *testing.T) {
	for status, want := range map[int]string{
		404: `404 BlobNotFound "Copy failed when reading the source."`, 401: `403 AccessDenied "Copy failed when reading the source."`,
		302: `404 BlobNotFound "Copy failed when reading the source."`, 304: `412 ConditionNotMet "Copy failed when reading the source."`,
		503: `503 ServiceUnavailable "Copy failed when reading the source."`, 410: `410 Gone "Copy failed when reading the source."`,
	} {
		if got := description(refusalOf(status)); got != want {
			t.Errorf("%d: %s", status, got)
		}
		if final(refusalOf(status)) != (status < 500) {
			t.Errorf("%d: final", status)
		}
	}
	if got := description(tooLong()); !strings.HasPrefix(got, "413 RequestBodyTooLarge ") {
		t.Error(got)
	}
}
