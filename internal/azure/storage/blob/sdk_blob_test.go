package blob

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	sdkblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	sdkcontainer "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	sdkservice "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// The official Go client: every public method with success, and a way to fail.

// credential is the account's key as the client holds it.
func (a *testAccount) credential() *azblob.SharedKeyCredential {
	a.t.Helper()
	cred, err := azblob.NewSharedKeyCredential(a.name, storage.DevelopmentKey)
	if err != nil {
		a.t.Fatal(err)
	}
	return cred
}

// sdk is the client of the account.
func (a *testAccount) sdk() *sdkservice.Client {
	a.t.Helper()
	c, err := sdkservice.NewClientWithSharedKeyCredential(a.url(), a.credential(), nil)
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

// sdkContainer makes a container and returns its client.
func (a *testAccount) sdkContainer() *sdkcontainer.Client {
	a.t.Helper()
	c := a.sdk().NewContainerClient("box")
	if _, err := c.Create(a.t.Context(), nil); err != nil {
		a.t.Fatal(err)
	}
	return c
}

// wants fails unless the error is the service's with the code.
func wants(t *testing.T, err error, code bloberror.Code) {
	t.Helper()
	if !bloberror.HasCode(err, code) {
		t.Errorf("got %v, want %s", err, code)
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// body is a body of the client.
func body(text string) io.ReadSeekCloser { return nopCloser{strings.NewReader(text)} }

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

// download reads a blob.
func download(t *testing.T, c interface {
	DownloadStream(context.Context, *sdkblob.DownloadStreamOptions) (sdkblob.DownloadStreamResponse, error)
},
) string {
	t.Helper()
	r, err := c.DownloadStream(t.Context(), nil)
	noError(t, err)
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	noError(t, err)
	return string(text)
}

func TestSDKBlockBlobs(t *testing.T) {
	a := newAccount(t, nil)
	box, ctx := a.sdkContainer(), t.Context()
	b := box.NewBlockBlobClient("a/ü #?%.txt")

	_, err := b.Upload(ctx, body("hello"), &blockblob.UploadOptions{
		HTTPHeaders: &sdkblob.HTTPHeaders{BlobContentType: to.Ptr("text/plain"), BlobContentLanguage: to.Ptr("de")},
		Metadata:    map[string]*string{"OwnerId": to.Ptr("")},
		Tags:        map[string]string{"a key": "1"},
		Tier:        to.Ptr(sdkblob.AccessTierCool),
	})
	noError(t, err)
	if got := download(t, b); got != "hello" {
		t.Errorf("%q", got)
	}
	_, err = b.Upload(ctx, body("x"), &blockblob.UploadOptions{AccessConditions: &sdkblob.AccessConditions{
		ModifiedAccessConditions: &sdkblob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)},
	}})
	wants(t, err, bloberror.BlobAlreadyExists)

	id := func(s string) string { return base64Of([]byte(s)) }
	for _, part := range []string{"one", "two"} {
		_, err = b.StageBlock(ctx, id(part), body(part), nil)
		noError(t, err)
	}
	_, err = b.StageBlock(ctx, id("longer"), body("x"), nil)
	wants(t, err, bloberror.InvalidBlobOrBlock)
	list, err := b.GetBlockList(ctx, blockblob.BlockListTypeAll, nil)
	noError(t, err)
	if len(list.UncommittedBlocks) != 2 || len(list.CommittedBlocks) != 0 || *list.UncommittedBlocks[0].Size != 3 {
		t.Errorf("%+v", list.BlockList)
	}
	_, err = b.CommitBlockList(ctx, []string{id("two"), id("one"), id("two")}, nil)
	noError(t, err)
	if got := download(t, b); got != "twoonetwo" {
		t.Errorf("%q", got)
	}
	_, err = b.CommitBlockList(ctx, []string{id("none")}, nil)
	wants(t, err, bloberror.InvalidBlockList)
	_, err = box.NewBlockBlobClient("missing").GetBlockList(ctx, blockblob.BlockListTypeAll, nil)
	wants(t, err, bloberror.BlobNotFound)

	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<19) // 8 MiB
	_, err = b.UploadBuffer(ctx, large, &blockblob.UploadBufferOptions{BlockSize: 1 << 20})
	noError(t, err)
	got := make([]byte, len(large))
	n, err := b.DownloadBuffer(ctx, got, &sdkblob.DownloadBufferOptions{BlockSize: 1 << 20})
	if err != nil || n != int64(len(large)) || !bytes.Equal(got, large) {
		t.Errorf("%d bytes, %v", n, err)
	}
	_, err = b.UploadStream(ctx, bytes.NewReader(large), &blockblob.UploadStreamOptions{BlockSize: 3 << 20})
	noError(t, err)
	_, err = b.DownloadBuffer(ctx, got, nil)
	if err != nil || !bytes.Equal(got, large) {
		t.Errorf("a stream: %v", err)
	}
	_, err = b.Upload(ctx, body(""), nil)
	noError(t, err)
	if n, err = b.DownloadBuffer(ctx, got, nil); err != nil || n != 0 {
		t.Errorf("an empty blob: %d bytes, %v", n, err)
	}
}
