package blob

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/appendblob"
	sdkblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	sdkcontainer "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

func TestSDKAppendBlobs(t *testing.T) {
	a := newAccount(t, nil)
	c, ctx := a.sdkContainer(), t.Context()
	b := c.NewAppendBlobClient("log")
	_, err := b.AppendBlock(ctx, body("x"), nil)
	wants(t, err, bloberror.BlobNotFound)
	_, err = b.Create(ctx, nil)
	noError(t, err)
	r, err := b.AppendBlock(ctx, body("one"), nil)
	noError(t, err)
	if *r.BlobAppendOffset != "0" || *r.BlobCommittedBlockCount != 1 {
		t.Errorf("%+v", r)
	}
	r, err = b.AppendBlock(ctx, body("two"), &appendblob.AppendBlockOptions{AppendPositionAccessConditions: &appendblob.AppendPositionAccessConditions{AppendPosition: to.Ptr[int64](3)}})
	if err != nil || *r.BlobAppendOffset != "3" {
		t.Errorf("%+v %v", r, err)
	}
	_, err = b.AppendBlock(ctx, body("x"), &appendblob.AppendBlockOptions{AppendPositionAccessConditions: &appendblob.AppendPositionAccessConditions{AppendPosition: to.Ptr[int64](3)}})
	wants(t, err, bloberror.AppendPositionConditionNotMet)
	_, err = b.AppendBlock(ctx, body("x"), &appendblob.AppendBlockOptions{AppendPositionAccessConditions: &appendblob.AppendPositionAccessConditions{MaxSize: to.Ptr[int64](6)}})
	wants(t, err, bloberror.MaxBlobSizeConditionNotMet)
	_, err = c.NewBlockBlobClient("log").StageBlock(ctx, "AAAA", body("x"), nil)
	wants(t, err, bloberror.InvalidBlobType)
	link, err := b.GetSASURL(sas.BlobPermissions{Read: true}, time.Now().Add(time.Hour), nil)
	noError(t, err)
	_, err = b.AppendBlockFromURL(ctx, link, &appendblob.AppendBlockFromURLOptions{Range: sdkblob.HTTPRange{Offset: 1, Count: 2}})
	noError(t, err)
	if got := download(t, b); got != "onetwone" {
		t.Errorf("%q", got)
	}
	_, err = b.AppendBlockFromURL(ctx, strings.Split(link, "?")[0], nil)
	wants(t, err, bloberror.CannotVerifyCopySource)
	_, err = b.Seal(ctx, nil)
	noError(t, err)
	_, err = b.AppendBlock(ctx, body("x"), nil)
	wants(t, err, "BlobIsSealed")
	p, err := b.GetProperties(ctx, nil)
	if err != nil || !*p.IsSealed || *p.BlobCommittedBlockCount != 3 {
		t.Errorf("%+v %v", p, err)
	}
}

func TestSDKPageBlobs(t *testing.T) {
	a := newAccount(t, nil)
	c, ctx := a.sdkContainer(), t.Context()
	b := c.NewPageBlobClient("disk")
	_, err := b.Create(ctx, 1000, nil)
	wants(t, err, bloberror.InvalidHeaderValue)
	_, err = b.Create(ctx, 4096, &pageblob.CreateOptions{SequenceNumber: to.Ptr[int64](3)})
	noError(t, err)
	page := strings.Repeat("p", 512)
	_, err = b.UploadPages(ctx, body(page), sdkblob.HTTPRange{Offset: 512, Count: 512}, nil)
	noError(t, err)
	_, err = b.UploadPages(ctx, body(page), sdkblob.HTTPRange{Offset: 8192, Count: 512}, nil)
	wants(t, err, bloberror.InvalidPageRange)
	_, err = b.UploadPages(ctx, body(page), sdkblob.HTTPRange{Offset: 0, Count: 512}, &pageblob.UploadPagesOptions{
		SequenceNumberAccessConditions: &pageblob.SequenceNumberAccessConditions{IfSequenceNumberLessThan: to.Ptr[int64](3)},
	})
	wants(t, err, bloberror.SequenceNumberConditionNotMet)
	snap, err := b.CreateSnapshot(ctx, nil)
	noError(t, err)
	_, err = b.UploadPages(ctx, body(page+page), sdkblob.HTTPRange{Offset: 2048, Count: 1024}, nil)
	noError(t, err)
	_, err = b.ClearPages(ctx, sdkblob.HTTPRange{Offset: 512, Count: 512}, nil)
	noError(t, err)
	list, err := b.NewGetPageRangesPager(nil).NextPage(ctx)
	if err != nil || len(list.PageRange) != 1 || *list.PageRange[0].Start != 2048 || *list.PageRange[0].End != 3071 {
		t.Errorf("%+v %v", list.PageList, err)
	}
	diff, err := b.NewGetPageRangesDiffPager(&pageblob.GetPageRangesDiffOptions{PrevSnapshot: snap.Snapshot}).NextPage(ctx)
	if err != nil || len(diff.PageRange) != 1 || len(diff.ClearRange) != 1 || *diff.ClearRange[0].Start != 512 {
		t.Errorf("%+v %v", diff.PageList, err)
	}
	_, err = b.NewGetPageRangesDiffPager(&pageblob.GetPageRangesDiffOptions{PrevSnapshot: to.Ptr("2020-01-01T00:00:00.0000000Z")}).NextPage(ctx)
	wants(t, err, bloberror.PreviousSnapshotNotFound)
	_, err = b.Resize(ctx, 8192, nil)
	noError(t, err)
	_, err = b.Resize(ctx, 100, nil)
	wants(t, err, bloberror.InvalidHeaderValue)
	seq, err := b.UpdateSequenceNumber(ctx, &pageblob.UpdateSequenceNumberOptions{ActionType: to.Ptr(pageblob.SequenceNumberActionTypeIncrement)})
	if err != nil || *seq.BlobSequenceNumber != 4 {
		t.Errorf("%+v %v", seq, err)
	}
	seq, err = b.UpdateSequenceNumber(ctx, &pageblob.UpdateSequenceNumberOptions{ActionType: to.Ptr(pageblob.SequenceNumberActionTypeMax), SequenceNumber: to.Ptr[int64](2)})
	if err != nil || *seq.BlobSequenceNumber != 4 {
		t.Errorf("%+v %v", seq, err)
	}
	link, err := b.GetSASURL(sas.BlobPermissions{Read: true}, time.Now().Add(time.Hour), nil)
	noError(t, err)
	_, err = b.UploadPagesFromURL(ctx, link, 2048, 4096, 512, nil)
	noError(t, err)
	got := download(t, b)
	if len(got) != 8192 || got[4096:4608] != page || strings.Trim(got[:2048], "\x00") != "" {
		t.Errorf("%d bytes", len(got))
	}
	_, err = b.UploadPagesFromURL(ctx, link, 0, 1, 512, nil)
	wants(t, err, bloberror.InvalidPageRange)
	_, err = b.StartCopyIncremental(ctx, link, *snap.Snapshot, nil)
	wants(t, err, "NotImplemented")
}

func TestSDKBlobClient(t *testing.T) {
	a := newAccount(t, nil)
	c, ctx := a.sdkContainer(), t.Context()
	bb := c.NewBlockBlobClient("thing")
	up, err := bb.Upload(ctx, body("content"), &blockblob.UploadOptions{Metadata: map[string]*string{"a": to.Ptr("1")}})
	noError(t, err)
	b := bb.BlobClient()
	_, err = b.SetHTTPHeaders(ctx, sdkblob.HTTPHeaders{BlobContentType: to.Ptr("text/html"), BlobCacheControl: to.Ptr("no-store")}, nil)
	noError(t, err)
	_, err = b.SetMetadata(ctx, map[string]*string{"b": to.Ptr("2")}, nil)
	noError(t, err)
	_, err = b.SetMetadata(ctx, map[string]*string{"bad-name": to.Ptr("2")}, nil)
	wants(t, err, bloberror.InvalidMetadata)
	p, err := b.GetProperties(ctx, nil)
	if err != nil || *p.ContentType != "text/html" || *p.CacheControl != "no-store" || len(p.ContentMD5) != 0 || p.Metadata["A"] != nil || *p.Metadata["B"] != "2" || *p.ETag == *up.ETag {
		t.Errorf("%+v %v", p, err)
	}
	_, err = b.GetProperties(ctx, &sdkblob.GetPropertiesOptions{AccessConditions: &sdkblob.AccessConditions{ModifiedAccessConditions: &sdkblob.ModifiedAccessConditions{IfMatch: up.ETag}}})
	wants(t, err, bloberror.ConditionNotMet)
	_, err = b.SetHTTPHeaders(ctx, sdkblob.HTTPHeaders{}, &sdkblob.SetHTTPHeadersOptions{AccessConditions: &sdkblob.AccessConditions{ModifiedAccessConditions: &sdkblob.ModifiedAccessConditions{IfMatch: to.Ptr(azcore.ETag(`"0x1"`))}}})
	wants(t, err, bloberror.ConditionNotMet)

	snap, err := b.CreateSnapshot(ctx, &sdkblob.CreateSnapshotOptions{Metadata: map[string]*string{"s": to.Ptr("x")}})
	noError(t, err)
	_, err = bb.Upload(ctx, body("changed"), nil)
	noError(t, err)
	old, err := b.WithSnapshot(*snap.Snapshot)
	noError(t, err)
	if got := download(t, old); got != "content" {
		t.Errorf("%q", got)
	}
	_, err = old.CreateSnapshot(ctx, nil)
	wants(t, err, bloberror.InvalidQueryParameterValue)
	_, err = b.Delete(ctx, nil)
	wants(t, err, bloberror.SnapshotsPresent)
	_, err = b.SetTier(ctx, sdkblob.AccessTierArchive, nil)
	noError(t, err)
	_, err = b.DownloadStream(ctx, nil)
	wants(t, err, bloberror.BlobArchived)
	_, err = b.SetTier(ctx, sdkblob.AccessTierHot, nil)
	noError(t, err)
	_, err = b.SetTier(ctx, sdkblob.AccessTierP10, nil)
	wants(t, err, bloberror.InvalidHeaderValue)
	if info, err := b.GetAccountInfo(ctx, nil); err != nil || string(*info.AccountKind) != "StorageV2" {
		t.Errorf("%+v %v", info, err)
	}
	_, err = b.SetImmutabilityPolicy(ctx, time.Now().Add(time.Hour), nil)
	wants(t, err, "NotImplemented")
	_, err = b.DeleteImmutabilityPolicy(ctx, nil)
	wants(t, err, "NotImplemented")
	_, err = b.SetLegalHold(ctx, true, nil)
	wants(t, err, "NotImplemented")
	_, err = bb.SetExpiry(ctx, blockblob.ExpiryTypeNever{}, nil)
	wants(t, err, "NotImplemented")
	_, err = b.Delete(ctx, &sdkblob.DeleteOptions{DeleteSnapshots: to.Ptr(sdkblob.DeleteSnapshotsOptionTypeInclude)})
	noError(t, err)
	_, err = b.Undelete(ctx, nil)
	wants(t, err, bloberror.BlobNotFound)
}

func TestSDKFiles(t *testing.T) {
	a := newAccount(t, nil)
	c, ctx := a.sdkContainer(), t.Context()
	from, err := os.Create(filepath.Join(t.TempDir(), "from"))
	noError(t, err)
	defer from.Close()
	data := bytes.Repeat([]byte("some bytes "), 500_000)
	_, err = from.Write(data)
	noError(t, err)
	b := c.NewBlockBlobClient("file")
	_, err = b.UploadFile(ctx, from, &blockblob.UploadFileOptions{BlockSize: 1 << 20})
	noError(t, err)
	into, err := os.Create(filepath.Join(t.TempDir(), "into"))
	noError(t, err)
	defer into.Close()
	if n, err := b.DownloadFile(ctx, into, nil); err != nil || n != int64(len(data)) {
		t.Errorf("%d %v", n, err)
	}
	got, err := os.ReadFile(into.Name())
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	_, err = c.NewBlockBlobClient("missing").DownloadFile(ctx, into, nil)
	wants(t, err, bloberror.BlobNotFound)
}

func TestSDKLeases(t *testing.T) {
	a := newAccount(t, nil)
	c, ctx := a.sdkContainer(), t.Context()
	b := c.NewBlockBlobClient("leased")
	_, err := b.Upload(ctx, body("x"), nil)
	noError(t, err)
	l, err := lease.NewBlobClient(b, nil)
	noError(t, err)
	_, err = l.AcquireLease(ctx, 20, nil)
	noError(t, err)
	_, err = b.Upload(ctx, body("y"), nil)
	wants(t, err, bloberror.LeaseIDMissing)
	_, err = b.Upload(ctx, body("y"), &blockblob.UploadOptions{AccessConditions: &sdkblob.AccessConditions{LeaseAccessConditions: &sdkblob.LeaseAccessConditions{LeaseID: l.LeaseID()}}})
	noError(t, err)
	_, err = l.RenewLease(ctx, nil)
	noError(t, err)
	_, err = l.ChangeLease(ctx, "{F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6}", nil)
	noError(t, err)
	_, err = l.ReleaseLease(ctx, nil)
	noError(t, err)
	_, err = l.RenewLease(ctx, nil)
	wants(t, err, bloberror.LeaseIDMismatchWithLeaseOperation)
	_, err = l.BreakLease(ctx, nil)
	wants(t, err, bloberror.LeaseNotPresentWithLeaseOperation)
	_, err = l.AcquireLease(ctx, 7, nil)
	wants(t, err, bloberror.InvalidHeaderValue)

	cl, err := lease.NewContainerClient(c, nil)
	noError(t, err)
	_, err = cl.AcquireLease(ctx, -1, nil)
	noError(t, err)
	_, err = c.Delete(ctx, nil)
	wants(t, err, bloberror.LeaseIDMissing)
	_, err = cl.RenewLease(ctx, nil)
	noError(t, err)
	_, err = cl.ChangeLease(ctx, "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", nil)
	noError(t, err)
	broken, err := cl.BreakLease(ctx, &lease.ContainerBreakOptions{BreakPeriod: to.Ptr[int32](0)})
	if err != nil || *broken.LeaseTime != 0 {
		t.Errorf("%+v %v", broken, err)
	}
	_, err = cl.ReleaseLease(ctx, nil)
	noError(t, err)
	_, err = cl.AcquireLease(ctx, 15, nil)
	noError(t, err)
	_, err = c.Delete(ctx, &sdkcontainer.DeleteOptions{AccessConditions: &sdkcontainer.AccessConditions{LeaseAccessConditions: &sdkcontainer.LeaseAccessConditions{LeaseID: cl.LeaseID()}}})
	noError(t, err)
}

func TestSDKCopies(t *testing.T) {
	a := newAccount(t, nil)
	c, ctx := a.sdkContainer(), t.Context()
	src := c.NewBlockBlobClient("source")
	_, err := src.Upload(ctx, body("copied"), &blockblob.UploadOptions{Metadata: map[string]*string{"m": to.Ptr("1")}, HTTPHeaders: &sdkblob.HTTPHeaders{BlobContentType: to.Ptr("text/plain")}, Tags: map[string]string{"t": "1"}})
	noError(t, err)
	dst := c.NewBlockBlobClient("copy")
	r, err := dst.StartCopyFromURL(ctx, src.URL(), nil)
	if err != nil || *r.CopyStatus != sdkblob.CopyStatusTypeSuccess {
		t.Fatalf("%+v %v", r, err)
	}
	p, err := dst.GetProperties(ctx, nil)
	if err != nil || *p.CopyID != *r.CopyID || *p.CopyProgress != "6/6" || *p.Metadata["M"] != "1" || *p.ContentType != "text/plain" || p.TagCount != nil || *p.CopySource != src.URL() {
		t.Errorf("%+v %v", p, err)
	}
	_, err = dst.AbortCopyFromURL(ctx, *r.CopyID, nil)
	wants(t, err, bloberror.NoPendingCopyOperation)
	_, err = dst.StartCopyFromURL(ctx, c.NewBlockBlobClient("missing").URL(), nil)
	wants(t, err, bloberror.CannotVerifyCopySource)

	_, err = dst.CopyFromURL(ctx, src.URL(), nil)
	wants(t, err, bloberror.CannotVerifyCopySource) // a synchronous copy is authorized by its URL
	link, err := src.GetSASURL(sas.BlobPermissions{Read: true}, time.Now().Add(time.Hour), nil)
	noError(t, err)
	if _, err = dst.CopyFromURL(ctx, link, &sdkblob.CopyFromURLOptions{Metadata: map[string]*string{"n": to.Ptr("2")}}); err != nil {
		t.Fatal(err)
	}
	p, err = dst.GetProperties(ctx, nil)
	if err != nil || p.Metadata["M"] != nil || *p.Metadata["N"] != "2" || strings.Contains(*p.CopySource, "sig") {
		t.Errorf("%+v %v", p, err)
	}
	_, err = dst.UploadBlobFromURL(ctx, link, &blockblob.UploadBlobFromURLOptions{Tags: map[string]string{"x": "y"}})
	noError(t, err)
	if p, err = dst.GetProperties(ctx, nil); err != nil || p.CopyID != nil || *p.TagCount != 1 || *p.ContentType != "text/plain" {
		t.Errorf("%+v %v", p, err)
	}
	_, err = dst.UploadBlobFromURL(ctx, strings.Replace(link, "sig=", "sig=x", 1), nil)
	wants(t, err, bloberror.CannotVerifyCopySource)
	_, err = dst.StageBlockFromURL(ctx, "AAAA", link, &blockblob.StageBlockFromURLOptions{Range: sdkblob.HTTPRange{Offset: 2, Count: 3}})
	noError(t, err)
	_, err = dst.StageBlockFromURL(ctx, "AAAB", link, &blockblob.StageBlockFromURLOptions{Range: sdkblob.HTTPRange{Offset: 20, Count: 3}})
	wants(t, err, bloberror.InvalidRange)
	_, err = dst.CommitBlockList(ctx, []string{"AAAA"}, nil)
	noError(t, err)
	if got := download(t, dst); got != "pie" {
		t.Errorf("%q", got)
	}
}

func TestSDKVersionsAndSoftDelete(t *testing.T) {
	a := newAccount(t, nil)
	c, ctx := a.sdkContainer(), t.Context()
	noError(t, a.store.SetRetention(ctx, objectstore.Retention{Versions: true}))
	b := c.NewBlockBlobClient("versioned")
	first, err := b.Upload(ctx, body("one"), nil)
	noError(t, err)
	second, err := b.Upload(ctx, body("two"), nil)
	noError(t, err)
	if first.VersionID == nil || second.VersionID == nil || *first.VersionID == *second.VersionID {
		t.Fatalf("%+v %+v", first, second)
	}
	old, err := b.WithVersionID(*first.VersionID)
	noError(t, err)
	if got := download(t, old); got != "one" {
		t.Errorf("%q", got)
	}
	_, err = old.Delete(ctx, nil)
	noError(t, err)
	_, err = old.GetProperties(ctx, nil)
	wants(t, err, bloberror.BlobNotFound)
	if got := download(t, b); got != "two" {
		t.Errorf("%q", got)
	}

	noError(t, a.store.SetRetention(ctx, objectstore.Retention{BlobDays: 2}))
	s := c.NewBlockBlobClient("soft")
	_, err = s.Upload(ctx, body("kept"), nil)
	noError(t, err)
	_, err = s.Delete(ctx, nil)
	noError(t, err)
	page, err := c.NewListBlobsFlatPager(&sdkcontainer.ListBlobsFlatOptions{Prefix: to.Ptr("soft"), Include: sdkcontainer.ListBlobsInclude{Deleted: true}}).NextPage(ctx)
	if err != nil || len(page.Segment.BlobItems) != 1 || !*page.Segment.BlobItems[0].Deleted || *page.Segment.BlobItems[0].Properties.RemainingRetentionDays != 2 {
		t.Errorf("%+v %v", page.Segment, err)
	}
	_, err = s.Undelete(ctx, nil)
	noError(t, err)
	if got := download(t, s); got != "kept" {
		t.Errorf("%q", got)
	}
}

// Checksums that the client makes and asks for.
func TestSDKChecksums(t *testing.T) {
	a := newAccount(t, nil)
	c, ctx := a.sdkContainer(), t.Context()
	b := c.NewBlockBlobClient("sums")
	data := bytes.Repeat([]byte("x1y2"), 1<<20+77)
	structured := sdkblob.TransferValidationTypeComputeStructuredMessageCRC64(1 << 20)
	_, err := b.Upload(ctx, nopCloser{bytes.NewReader(data)}, &blockblob.UploadOptions{TransactionalValidation: structured})
	noError(t, err)
	r, err := b.DownloadStream(ctx, &sdkblob.DownloadStreamOptions{TransactionalValidation: structured, Range: sdkblob.HTTPRange{Offset: 3, Count: 1_000_000}})
	noError(t, err)
	got := new(bytes.Buffer)
	_, err = got.ReadFrom(r.Body)
	r.Body.Close()
	if err != nil || !bytes.Equal(got.Bytes(), data[3:1_000_003]) {
		t.Errorf("%d bytes, %v", got.Len(), err)
	}
	_, err = b.Upload(ctx, body("hello"), &blockblob.UploadOptions{TransactionalValidation: sdkblob.TransferValidationTypeComputeCRC64()})
	noError(t, err)
	_, err = b.Upload(ctx, body("hello"), &blockblob.UploadOptions{TransactionalValidation: sdkblob.TransferValidationTypeCRC64(7)})
	wants(t, err, "Crc64Mismatch")
	_, err = b.Upload(ctx, body("hello"), &blockblob.UploadOptions{TransactionalValidation: sdkblob.TransferValidationTypeMD5(make([]byte, 16))})
	wants(t, err, bloberror.MD5Mismatch)
	sum, err := b.DownloadStream(ctx, &sdkblob.DownloadStreamOptions{RangeGetContentMD5: to.Ptr(true), Range: sdkblob.HTTPRange{Count: 3}})
	noError(t, err)
	sum.Body.Close()
	if len(sum.ContentMD5) != 16 {
		t.Errorf("%+v", sum)
	}
}
