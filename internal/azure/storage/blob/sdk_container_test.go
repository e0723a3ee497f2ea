package blob

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	sdkblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	sdkcontainer "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	sdkservice "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

func TestSDKService(t *testing.T) {
	a := newAccount(t, nil)
	s, ctx := a.sdk(), t.Context()
	_, err := s.CreateContainer(ctx, "one-box", &sdkservice.CreateContainerOptions{Metadata: map[string]*string{"Purpose": to.Ptr("test")}})
	noError(t, err)
	_, err = s.CreateContainer(ctx, "one-box", nil)
	wants(t, err, bloberror.ContainerAlreadyExists)
	_, err = s.CreateContainer(ctx, "No_Good", nil)
	wants(t, err, bloberror.InvalidResourceName)
	for i := range 7 {
		_, err = s.CreateContainer(ctx, fmt.Sprintf("page-%d", i), nil)
		noError(t, err)
	}
	names, pages := []string{}, 0
	for p := s.NewListContainersPager(&sdkservice.ListContainersOptions{Prefix: to.Ptr("page"), MaxResults: to.Ptr[int32](3), Include: sdkservice.ListContainersInclude{Metadata: true}}); p.More(); pages++ {
		page, err := p.NextPage(ctx)
		noError(t, err)
		for _, c := range page.ContainerItems {
			names = append(names, *c.Name)
		}
	}
	if len(names) != 7 || pages != 3 || names[6] != "page-6" {
		t.Errorf("%d pages of %v", pages, names)
	}
	info, err := s.GetAccountInfo(ctx, nil)
	if err != nil || *info.SKUName != sdkservice.SKUNameStandardRAGRS || *info.AccountKind != sdkservice.AccountKindStorageV2 {
		t.Errorf("%+v %v", info, err)
	}
	_, err = s.DeleteContainer(ctx, "one-box", nil)
	noError(t, err)
	_, err = s.DeleteContainer(ctx, "one-box", nil)
	wants(t, err, bloberror.ContainerNotFound)
	_, err = s.RestoreContainer(ctx, "one-box", "2026-01-01T00:00:00.0000000Z", nil)
	wants(t, err, bloberror.ContainerNotFound)
}

func TestSDKServiceProperties(t *testing.T) {
	a := newAccount(t, nil)
	s, ctx := a.sdk(), t.Context()
	p, err := s.GetProperties(ctx, nil)
	noError(t, err)
	if p.Logging == nil || *p.Logging.Write || p.HourMetrics == nil || p.MinuteMetrics == nil || p.DeleteRetentionPolicy == nil {
		t.Errorf("%+v", p.StorageServiceProperties)
	}
	_, err = s.SetProperties(ctx, &sdkservice.SetPropertiesOptions{
		DeleteRetentionPolicy: &sdkservice.RetentionPolicy{Enabled: to.Ptr(true), Days: to.Ptr[int32](3)},
		CORS:                  []*sdkservice.CORSRule{{AllowedOrigins: to.Ptr("https://a.example"), AllowedMethods: to.Ptr("GET"), MaxAgeInSeconds: to.Ptr[int32](5), AllowedHeaders: to.Ptr("*"), ExposedHeaders: to.Ptr("*")}},
	})
	noError(t, err)
	p, err = s.GetProperties(ctx, nil)
	if err != nil || *p.DeleteRetentionPolicy.Days != 3 || len(p.CORS) != 1 || a.store.Retention().BlobDays != 3 {
		t.Errorf("%+v %v", p.StorageServiceProperties, err)
	}
	_, err = s.SetProperties(ctx, &sdkservice.SetPropertiesOptions{DeleteRetentionPolicy: &sdkservice.RetentionPolicy{Enabled: to.Ptr(true), Days: to.Ptr[int32](500)}})
	wants(t, err, bloberror.InvalidXMLNodeValue)

	_, err = s.GetStatistics(ctx, nil)
	wants(t, err, bloberror.InvalidQueryParameterValue)
	second, err := sdkservice.NewClientWithSharedKeyCredential(a.base+"/"+a.name+"-secondary", a.credential(), nil)
	noError(t, err)
	stats, err := second.GetStatistics(ctx, nil)
	if err != nil || *stats.GeoReplication.Status != sdkservice.BlobGeoReplicationStatusLive {
		t.Errorf("%+v %v", stats, err)
	}
	_, err = second.CreateContainer(ctx, "other", nil)
	wants(t, err, bloberror.InsufficientAccountPermissions)
}

func TestSDKContainer(t *testing.T) {
	a := newAccount(t, nil)
	c, ctx := a.sdkContainer(), t.Context()
	_, err := c.SetMetadata(ctx, &sdkcontainer.SetMetadataOptions{Metadata: map[string]*string{"A": to.Ptr("1"), "empty": to.Ptr("")}})
	noError(t, err)
	p, err := c.GetProperties(ctx, nil)
	noError(t, err)
	if *p.Metadata["A"] != "1" || p.Metadata["Empty"] == nil || *p.LeaseState != lease.StateTypeAvailable || *p.HasLegalHold {
		t.Errorf("%+v", p)
	}
	_, err = c.SetAccessPolicy(ctx, &sdkcontainer.SetAccessPolicyOptions{
		Access: to.Ptr(sdkcontainer.PublicAccessTypeBlob),
		ContainerACL: []*sdkcontainer.SignedIdentifier{{
			ID: to.Ptr("reader"), AccessPolicy: &sdkcontainer.AccessPolicy{Permission: to.Ptr("r"), Expiry: to.Ptr(time.Now().Add(time.Hour))},
		}},
	})
	noError(t, err)
	acl, err := c.GetAccessPolicy(ctx, nil)
	if err != nil || *acl.BlobPublicAccess != sdkcontainer.PublicAccessTypeBlob || len(acl.SignedIdentifiers) != 1 || *acl.SignedIdentifiers[0].AccessPolicy.Permission != "r" {
		t.Errorf("%+v %v", acl, err)
	}
	six := make([]*sdkcontainer.SignedIdentifier, 6)
	for i := range six {
		six[i] = &sdkcontainer.SignedIdentifier{ID: to.Ptr(fmt.Sprint(i)), AccessPolicy: &sdkcontainer.AccessPolicy{}}
	}
	_, err = c.SetAccessPolicy(ctx, &sdkcontainer.SetAccessPolicyOptions{ContainerACL: six})
	wants(t, err, bloberror.InvalidXMLDocument)
	if info, err := c.GetAccountInfo(ctx, nil); err != nil || string(*info.AccountKind) != "StorageV2" {
		t.Errorf("%+v %v", info, err)
	}
	old := time.Now().Add(-time.Hour)
	_, err = c.Delete(ctx, &sdkcontainer.DeleteOptions{AccessConditions: &sdkcontainer.AccessConditions{ModifiedAccessConditions: &sdkcontainer.ModifiedAccessConditions{IfUnmodifiedSince: &old}}})
	wants(t, err, bloberror.ConditionNotMet)
	noError(t, a.store.SetRetention(ctx, retentionOfContainers))
	_, err = c.Delete(ctx, nil)
	noError(t, err)
	_, err = c.GetProperties(ctx, nil)
	wants(t, err, bloberror.ContainerNotFound)
	page, err := a.sdk().NewListContainersPager(&sdkservice.ListContainersOptions{Include: sdkservice.ListContainersInclude{Deleted: true}}).NextPage(ctx)
	noError(t, err)
	if len(page.ContainerItems) != 1 || !*page.ContainerItems[0].Deleted || *page.ContainerItems[0].Properties.RemainingRetentionDays != 2 {
		t.Fatalf("%+v", page.ContainerItems)
	}
	_, err = c.Restore(ctx, *page.ContainerItems[0].Version, nil)
	noError(t, err)
	_, err = c.GetProperties(ctx, nil)
	noError(t, err)
}

func TestSDKLists(t *testing.T) {
	a := newAccount(t, nil)
	c, ctx := a.sdkContainer(), t.Context()
	for _, name := range []string{"a", "a/b", "a/c/d", "b", "c/x", "zé & <>", "nul\x01byte"} {
		_, err := c.NewBlockBlobClient(name).Upload(ctx, body("x"), nil)
		noError(t, err)
	}
	var flat []string
	for p := c.NewListBlobsFlatPager(&sdkcontainer.ListBlobsFlatOptions{MaxResults: to.Ptr[int32](2)}); p.More(); {
		page, err := p.NextPage(ctx)
		noError(t, err)
		for _, b := range page.Segment.BlobItems {
			flat = append(flat, *b.Name)
		}
	}
	if got := strings.Join(flat, "|"); got != "a|a/b|a/c/d|b|c/x|nul\x01byte|zé & <>" {
		t.Errorf("%q", got)
	}
	var tree []string
	for p := c.NewListBlobsHierarchyPager("/", &sdkcontainer.ListBlobsHierarchyOptions{MaxResults: to.Ptr[int32](2)}); p.More(); {
		page, err := p.NextPage(ctx)
		noError(t, err)
		for _, x := range page.Segment.BlobPrefixes {
			tree = append(tree, *x.Name)
		}
		for _, b := range page.Segment.BlobItems {
			tree = append(tree, *b.Name)
		}
	}
	if got := strings.Join(tree, "|"); got != "a/|a|c/|b|nul\x01byte|zé & <>" {
		t.Errorf("%q", got)
	}
	_, err := a.sdk().NewContainerClient("missing").NewListBlobsFlatPager(nil).NextPage(ctx)
	wants(t, err, bloberror.ContainerNotFound)
}

func TestSDKTagsAndFind(t *testing.T) {
	a := newAccount(t, nil)
	c, ctx := a.sdkContainer(), t.Context()
	b := c.NewBlockBlobClient("tagged")
	_, err := b.Upload(ctx, body("x"), nil)
	noError(t, err)
	before, err := b.GetProperties(ctx, nil)
	noError(t, err)
	_, err = b.SetTags(ctx, map[string]string{"Project": "Lazuli", "year": "2026"}, nil)
	noError(t, err)
	tags, err := b.GetTags(ctx, nil)
	if err != nil || len(tags.BlobTagSet) != 2 {
		t.Errorf("%+v %v", tags, err)
	}
	after, err := b.GetProperties(ctx, nil)
	if err != nil || *after.ETag != *before.ETag || *after.TagCount != 2 {
		t.Errorf("tags changed the ETag, or are not counted: %+v %v", after, err)
	}
	_, err = b.SetTags(ctx, map[string]string{"bad!": "x"}, nil)
	wants(t, err, "InvalidTag")
	found, err := a.sdk().FilterBlobs(ctx, `"Project" = 'Lazuli' AND year > '2025'`, nil)
	if err != nil || len(found.Blobs) != 1 || *found.Blobs[0].Name != "tagged" || *found.Blobs[0].ContainerName != "box" {
		t.Errorf("%+v %v", found.FilterBlobSegment, err)
	}
	_, err = a.sdk().FilterBlobs(ctx, `Project <> 'x'`, nil)
	wants(t, err, bloberror.InvalidQueryParameterValue)
	in, err := c.FilterBlobs(ctx, `Project = 'Other'`, nil)
	if err != nil || len(in.Blobs) != 0 {
		t.Errorf("%+v %v", in, err)
	}
	_, err = c.FilterBlobs(ctx, `oh no`, nil)
	wants(t, err, bloberror.InvalidQueryParameterValue)
	_, err = b.Delete(ctx, &sdkblob.DeleteOptions{AccessConditions: &sdkblob.AccessConditions{ModifiedAccessConditions: &sdkblob.ModifiedAccessConditions{IfTags: to.Ptr(`year = '1999'`)}}})
	wants(t, err, bloberror.ConditionNotMet)
}

func TestSDKBatch(t *testing.T) {
	a := newAccount(t, nil)
	c, ctx := a.sdkContainer(), t.Context()
	for i := range 4 {
		_, err := c.NewBlockBlobClient(fmt.Sprintf("b%d", i)).Upload(ctx, body("x"), nil)
		noError(t, err)
	}
	tiers, err := c.NewBatchBuilder()
	noError(t, err)
	noError(t, tiers.SetTier("b0", sdkblob.AccessTierCool, nil))
	noError(t, tiers.SetTier("missing", sdkblob.AccessTierCool, nil))
	done, err := c.SubmitBatch(ctx, tiers, nil)
	noError(t, err)
	if len(done.Responses) != 2 || done.Responses[0].Error != nil || !bloberror.HasCode(done.Responses[1].Error, bloberror.BlobNotFound) {
		t.Errorf("%+v", done.Responses)
	}
	all, err := a.sdk().NewBatchBuilder()
	noError(t, err)
	for i := range 4 {
		noError(t, all.Delete("box", fmt.Sprintf("b%d", i), nil))
	}
	gone, err := a.sdk().SubmitBatch(ctx, all, nil)
	noError(t, err)
	for _, r := range gone.Responses {
		if r.Error != nil {
			t.Error(r.Error)
		}
	}
	if len(gone.Responses) != 4 {
		t.Errorf("%d responses", len(gone.Responses))
	}
	elsewhere, err := a.sdk().NewContainerClient("other").NewBatchBuilder()
	noError(t, err)
	noError(t, elsewhere.Delete("x", nil))
	none, err := a.sdk().NewContainerClient("other").SubmitBatch(ctx, elsewhere, nil)
	if err != nil || !bloberror.HasCode(none.Responses[0].Error, bloberror.ContainerNotFound) {
		t.Errorf("%+v %v", none, err)
	}
}

// The client's own SAS: the account's, the container's and the blob's.
func TestSDKSignatures(t *testing.T) {
	a := newAccount(t, nil)
	c, ctx := a.sdkContainer(), t.Context()
	b := c.NewBlockBlobClient("signed")
	_, err := b.Upload(ctx, body("secret"), nil)
	noError(t, err)
	end := time.Now().Add(time.Hour)
	link, err := b.GetSASURL(sas.BlobPermissions{Read: true}, end, nil)
	noError(t, err)
	r, err := sdkblob.NewClientWithNoCredential(link, nil)
	noError(t, err)
	if got := download(t, r); got != "secret" {
		t.Errorf("%q", got)
	}
	_, err = r.Delete(ctx, nil)
	wants(t, err, bloberror.AuthorizationPermissionMismatch)
	link, err = c.GetSASURL(sas.ContainerPermissions{List: true}, end, nil)
	noError(t, err)
	lists, err := sdkcontainer.NewClientWithNoCredential(link, nil)
	noError(t, err)
	page, err := lists.NewListBlobsFlatPager(nil).NextPage(ctx)
	if err != nil || len(page.Segment.BlobItems) != 1 {
		t.Errorf("%+v %v", page, err)
	}
	_, err = lists.GetProperties(ctx, nil)
	wants(t, err, bloberror.AuthorizationFailure)
	link, err = a.sdk().GetSASURL(sas.AccountResourceTypes{Service: true}, sas.AccountPermissions{List: true}, end, nil)
	noError(t, err)
	account, err := sdkservice.NewClientWithNoCredential(link, nil)
	noError(t, err)
	_, err = account.NewListContainersPager(nil).NextPage(ctx)
	noError(t, err)
	_, err = account.CreateContainer(ctx, "other", nil)
	wants(t, err, bloberror.AuthorizationResourceTypeMismatch)
}
