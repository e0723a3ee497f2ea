package connect

import (
	"context"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/lazuli-dev/lazuli/internal/connect"
)

// probeStorage reads a container of blobs, a queue or a table: the account in the path,
// as this process has no names of Azure.
func probeStorage(ctx context.Context, f connect.Facts, t connect.Thing) (out Tested, err error) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := azcore.ClientOptions{Transport: &http.Client{Transport: transport}, Retry: policy.RetryOptions{MaxRetries: -1}}
	var status *http.Response
	ctx = policy.WithCaptureResponse(ctx, &status)
	at := func(address string) string {
		out.Target = "http://" + address + "/" + f.StorageAccount
		return out.Target
	}
	switch t.Kind {
	case "blobs":
		err = probeBlobs(ctx, f, at(f.BlobAt), t.Container, client)
	case "queue":
		err = probeQueue(ctx, f, at(f.QueueAt), t.Queue, client)
	default:
		err = probeTable(ctx, f, at(f.TableAt), t.Table, client)
	}
	if status != nil {
		out.Count = status.StatusCode
	}
	return out, err
}

func probeBlobs(ctx context.Context, f connect.Facts, url, container string, o azcore.ClientOptions) error {
	key, err := azblob.NewSharedKeyCredential(f.StorageAccount, f.StorageKey)
	if err != nil {
		return err
	}
	client, err := azblob.NewClientWithSharedKeyCredential(url, key, &azblob.ClientOptions{ClientOptions: o})
	if err != nil {
		return err
	}
	_, err = client.ServiceClient().NewContainerClient(container).GetProperties(ctx, nil)
	return err
}

func probeQueue(ctx context.Context, f connect.Facts, url, queue string, o azcore.ClientOptions) error {
	key, err := azqueue.NewSharedKeyCredential(f.StorageAccount, f.StorageKey)
	if err != nil {
		return err
	}
	client, err := azqueue.NewServiceClientWithSharedKeyCredential(url, key, &azqueue.ClientOptions{ClientOptions: o})
	if err != nil {
		return err
	}
	_, err = client.NewQueueClient(queue).GetProperties(ctx, nil)
	return err
}

func probeTable(ctx context.Context, f connect.Facts, url, table string, o azcore.ClientOptions) error {
	key, err := aztables.NewSharedKeyCredential(f.StorageAccount, f.StorageKey)
	if err != nil {
		return err
	}
	client, err := aztables.NewServiceClientWithSharedKey(url, key, &aztables.ClientOptions{ClientOptions: o})
	if err != nil {
		return err
	}
	one := int32(1)
	_, err = client.NewClient(table).NewListEntitiesPager(&aztables.ListEntitiesOptions{Top: &one}).NextPage(ctx)
	return err
}
