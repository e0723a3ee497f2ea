// A program as it is written for Azure: its host names, DefaultAzureCredential,
// and nothing of Lazuli. It writes a line of JSON for each of its tests.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
)

func main() {
	developer, err := azidentity.NewDefaultAzureCredential(nil)
	must(err)
	// an application that may only read
	reader, err := azidentity.NewClientSecretCredential("adfs", os.Getenv("READER_ID"), os.Getenv("READER_SECRET"), &azidentity.ClientSecretCredentialOptions{
		ClientOptions: azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: os.Getenv("READER_AUTHORITY")}},
	})
	must(err)
	for name, test := range map[string]func(context.Context) error{
		"hubs": func(ctx context.Context) error {
			for _, namespace := range []string{"contoso", "fabrikam"} {
				if err := send(ctx, namespace, developer); err != nil {
					return err
				}
			}
			for _, namespace := range []string{"contoso", "fabrikam"} {
				if got, err := receive(ctx, namespace, developer); err != nil || !slices.Equal(got, []string{namespace}) {
					return fmt.Errorf("%s: %v, %w", namespace, got, err)
				}
			}
			return nil
		},
		"hubs-without-a-role": func(ctx context.Context) error {
			if err := send(ctx, "contoso", reader); err == nil || !strings.Contains(err.Error(), "Send") {
				return fmt.Errorf("not refused as it should be: %w", err)
			}
			return nil
		},
		"documents": func(ctx context.Context) error {
			for _, account := range []string{"contoso", "fabrikam"} {
				if err := put(ctx, account, developer); err != nil {
					return err
				}
				if got, err := get(ctx, account, developer); err != nil || got != account {
					return fmt.Errorf("%s: %q, %w", account, got, err)
				}
			}
			return nil
		},
		"documents-without-a-role": func(ctx context.Context) error {
			var refused *azcore.ResponseError
			if err := put(ctx, "contoso", reader); !errors.As(err, &refused) || refused.StatusCode != http.StatusForbidden {
				return fmt.Errorf("not refused as it should be: %w", err)
			}
			return nil
		},
		"reader-reads": func(ctx context.Context) error {
			if err := put(ctx, "contoso", developer); err != nil {
				return err
			}
			_, err := get(ctx, "contoso", reader)
			return err
		},
		"blobs": func(ctx context.Context) error {
			for _, account := range []string{"contoso", "fabrikam"} {
				if err := upload(ctx, account, developer); err != nil {
					return err
				}
				if got, err := download(ctx, account, developer); err != nil || got != account {
					return fmt.Errorf("%s: %q, %w", account, got, err)
				}
			}
			return nil
		},
		"blobs-without-a-role": func(ctx context.Context) error {
			if err := upload(ctx, "contoso", developer); err != nil {
				return err
			}
			if _, err := download(ctx, "contoso", reader); err != nil {
				return err
			}
			if err := upload(ctx, "contoso", reader); !bloberror.HasCode(err, bloberror.AuthorizationPermissionMismatch) {
				return fmt.Errorf("not refused as it should be: %w", err)
			}
			return nil
		},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		err := test(ctx)
		cancel()
		result := map[string]any{"name": name, "passed": err == nil}
		if err != nil {
			result["output"] = err.Error()
		}
		must(json.NewEncoder(os.Stdout).Encode(result))
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func send(ctx context.Context, namespace string, credential azcore.TokenCredential) error {
	client, err := azeventhubs.NewProducerClient(namespace+"-evhns.servicebus.windows.net", "orders", credential, nil)
	if err != nil {
		return err
	}
	defer client.Close(ctx)
	batch, err := client.NewEventDataBatch(ctx, nil)
	if err != nil {
		return err
	}
	if err := batch.AddEventData(&azeventhubs.EventData{Body: []byte(namespace)}, nil); err != nil {
		return err
	}
	return client.SendEventDataBatch(ctx, batch, nil)
}

// receive returns the bodies of all events, of which there is one at least.
func receive(ctx context.Context, namespace string, credential azcore.TokenCredential) (bodies []string, err error) {
	client, err := azeventhubs.NewConsumerClient(namespace+"-evhns.servicebus.windows.net", "orders", "$Default", credential, nil)
	if err != nil {
		return nil, err
	}
	defer client.Close(ctx)
	earliest := true
	partition, err := client.NewPartitionClient("0", &azeventhubs.PartitionClientOptions{StartPosition: azeventhubs.StartPosition{Earliest: &earliest}})
	if err != nil {
		return nil, err
	}
	defer partition.Close(ctx)
	for {
		soon, cancel := context.WithTimeout(ctx, time.Second)
		events, err := partition.ReceiveEvents(soon, 1, nil)
		cancel()
		for _, e := range events {
			bodies = append(bodies, string(e.Body))
		}
		switch {
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil && len(bodies) > 0:
			return bodies, nil
		case err != nil && !(errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil):
			return bodies, err
		}
	}
}

func orders(account string, credential azcore.TokenCredential) (*azcosmos.ContainerClient, error) {
	client, err := azcosmos.NewClient("https://"+account+"-cosmos.documents.azure.com:443/", credential, nil)
	if err != nil {
		return nil, err
	}
	return client.NewContainer("shop", "orders")
}

func put(ctx context.Context, account string, credential azcore.TokenCredential) error {
	c, err := orders(account, credential)
	if err != nil {
		return err
	}
	_, err = c.UpsertItem(ctx, azcosmos.NewPartitionKeyString("go"), fmt.Appendf(nil, `{"id":"go","of":%q}`, account), nil)
	return err
}

func get(ctx context.Context, account string, credential azcore.TokenCredential) (string, error) {
	c, err := orders(account, credential)
	if err != nil {
		return "", err
	}
	item, err := c.ReadItem(ctx, azcosmos.NewPartitionKeyString("go"), "go", nil)
	if err != nil {
		return "", err
	}
	var doc struct{ Of string }
	err = json.Unmarshal(item.Value, &doc)
	return doc.Of, err
}

func upload(ctx context.Context, account string, credential azcore.TokenCredential) error {
	client, err := azblob.NewClient("https://"+account+"sa.blob.core.windows.net/", credential, nil)
	if err != nil {
		return err
	}
	_, err = client.UploadBuffer(ctx, "deployments", "go", []byte(account), nil)
	return err
}

func download(ctx context.Context, account string, credential azcore.TokenCredential) (string, error) {
	client, err := azblob.NewClient("https://"+account+"sa.blob.core.windows.net/", credential, nil)
	if err != nil {
		return "", err
	}
	text := make([]byte, len(account))
	_, err = client.DownloadBuffer(ctx, "deployments", "go", text, nil)
	return string(text), err
}
