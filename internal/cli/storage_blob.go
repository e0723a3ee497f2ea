package cli

import (
	"context"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// blobKind is block, append or page.
func blobKind(t *blob.BlobType) string {
	return strings.ToLower(strings.TrimSuffix(str(t), "Blob"))
}

// etagText is an ETag without its quotes, as listings have it.
func etagText(e *azcore.ETag) string { return strings.Trim(str(e), `"`) }

// blobNames are the blobs and folders of a folder: the first page.
func blobNames(ctx context.Context, c *container.Client, prefix string) ([]string, error) {
	page, err := c.NewListBlobsHierarchyPager("/", &container.ListBlobsHierarchyOptions{Prefix: &prefix}).NextPage(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range inOrder(page.Segment) {
		names = append(names, e.Name)
	}
	return names, nil
}
