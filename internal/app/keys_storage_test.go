package app

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	blobservice "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

const keyStorage = "contososa"

// storageKeys are those of storage accounts, as the vendor's clients see them.
func storageKeys() map[string]keyCase {
	reaches := func(key string) func(r *rig) string {
		return func(r *rig) string { return r.container(key, "docs", nil) }
	}
	any := func(r *rig) string { return r.container("", "docs", nil) }
	list := func(names func(r *rig) (string, error)) func(r *rig) string {
		return func(r *rig) string { return text(names(r)) }
	}
	all := map[string]keyCase{
		"storage.blobPort": {yaml: "storage: {blobPort: PORT}", want: "true", probe: func(r *rig) string {
			return fmt.Sprint(strings.HasSuffix(r.url(instance.Blob), fmt.Sprint(":", r.port)) && r.container("", "docs", nil) == "ok")
		}},
		"storage.queuePort": {yaml: "storage: {queuePort: PORT}", want: "true []", probe: func(r *rig) string {
			return fmt.Sprint(strings.HasSuffix(r.url(instance.Queue), fmt.Sprint(":", r.port)), " ", text(r.queues()))
		}},
		"storage.tablePort": {yaml: "storage: {tablePort: PORT}", want: "true []", probe: func(r *rig) string {
			return fmt.Sprint(strings.HasSuffix(r.url(instance.Table), fmt.Sprint(":", r.port)), " ", text(r.tables()))
		}},
		"storage.key":                  {yaml: "storage: {key: " + ownKey + "}", want: "ok", probe: reaches(ownKey)},
		"storage.secondaryKey":         {yaml: "storage: {secondaryKey: " + ownKey + "}", want: "ok", probe: reaches(ownKey)},
		"storage.allowSharedKeyAccess": {yaml: "storage: {key: " + ownKey + ", allowSharedKeyAccess: false}", want: "KeyBasedAuthenticationNotPermitted", probe: reaches(ownKey)},
		"storage.isVersioningEnabled": {yaml: "storage: {isVersioningEnabled: true, containers: [docs]}", want: "versioned", probe: func(r *rig) string {
			c, err := r.containerClient("", "docs")
			if err != nil {
				return err.Error()
			}
			reply, err := c.NewAppendBlobClient("log").Create(context.Background(), nil)
			switch {
			case err != nil:
				return err.Error()
			case reply.VersionID == nil:
				return "without versions"
			}
			return "versioned"
		}},
		"storage.publicNetworkAccess": {yaml: "storage: {publicNetworkAccess: Disabled}", want: "AuthorizationFailure", probe: any},
		"storage.defaultAction":       {yaml: "storage: {defaultAction: Deny}", want: "AuthorizationFailure", probe: any},
		"storage.ipRules":             {yaml: "storage: {ipRules: [" + outside + "]}", want: "AuthorizationFailure", probe: any},
		"storage.containers":          {yaml: "storage: {containers: [deployments]}", want: "[deployments]", probe: list((*rig).containers)},
		"storage.queues":              {yaml: "storage: {queues: [work]}", want: "[work]", probe: list((*rig).queues)},
		"storage.tables":              {yaml: "storage: {tables: [Devices]}", want: "[Devices]", probe: list((*rig).tables)},
	}
	for key, c := range named(all, "storage", "accounts", keyStorage, "key", "secondaryKey", "allowSharedKeyAccess", "isVersioningEnabled",
		"publicNetworkAccess", "defaultAction", "ipRules", "containers", "queues", "tables") {
		all[key] = c
	}
	open := func(r *rig) string {
		return r.container("", "docs", &container.CreateOptions{Access: to.Ptr(container.PublicAccessTypeBlob)})
	}
	all["storage.allowBlobPublicAccess"] = keyCase{yaml: "storage: {allowBlobPublicAccess: false}", want: "PublicAccessNotPermitted", probe: open}
	all["storage.accounts.*.allowBlobPublicAccess"] = keyCase{
		yaml: "storage: {accounts: {" + keyStorage + ": {allowBlobPublicAccess: true}}}", want: "ok", probe: open, in: keyStorage,
	}
	return all
}

func text(s string, err error) string {
	if err != nil {
		return err.Error()
	}
	return s
}

// storageAt is the address of a service of the account, with the account's name.
func (r *rig) storageAt(service string) (account, at string) {
	account = cmp.Or(r.in, resource.DefaultStorage)
	return account, r.url(service) + "/" + account
}

// storageKey is the key that opens the account, unless one is given.
func (r *rig) storageKey(key string) string {
	a, _ := r.info.Account(instance.StorageAccounts, r.in)
	return cmp.Or(key, a.Key, config.EmulatorStorageKey)
}

var onceOnly = azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}

func (r *rig) containerClient(key, name string) (*container.Client, error) {
	account, at := r.storageAt(instance.Blob)
	credential, err := container.NewSharedKeyCredential(account, r.storageKey(key))
	if err != nil {
		return nil, err
	}
	return container.NewClientWithSharedKeyCredential(at+"/"+name, credential, &container.ClientOptions{ClientOptions: onceOnly})
}

// container makes a container and says "ok", or the code of the error.
func (r *rig) container(key, name string, o *container.CreateOptions) string {
	c, err := r.containerClient(key, name)
	if err != nil {
		return err.Error()
	}
	_, err = c.Create(context.Background(), o)
	for _, code := range []bloberror.Code{"KeyBasedAuthenticationNotPermitted", "AuthorizationFailure", "PublicAccessNotPermitted"} {
		if bloberror.HasCode(err, code) {
			return string(code)
		}
	}
	return text("ok", err)
}

func (r *rig) containers() (string, error) {
	account, at := r.storageAt(instance.Blob)
	credential, err := blobservice.NewSharedKeyCredential(account, r.storageKey(""))
	if err != nil {
		return "", err
	}
	client, err := blobservice.NewClientWithSharedKeyCredential(at, credential, &blobservice.ClientOptions{ClientOptions: onceOnly})
	if err != nil {
		return "", err
	}
	names := []string{}
	page, err := client.NewListContainersPager(nil).NextPage(context.Background())
	for _, c := range page.ContainerItems {
		names = append(names, *c.Name)
	}
	return fmt.Sprint(names), err
}

func (r *rig) queues() (string, error) {
	account, at := r.storageAt(instance.Queue)
	credential, err := azqueue.NewSharedKeyCredential(account, r.storageKey(""))
	if err != nil {
		return "", err
	}
	client, err := azqueue.NewServiceClientWithSharedKeyCredential(at, credential, &azqueue.ClientOptions{ClientOptions: onceOnly})
	if err != nil {
		return "", err
	}
	names := []string{}
	page, err := client.NewListQueuesPager(nil).NextPage(context.Background())
	for _, q := range page.Queues {
		names = append(names, *q.Name)
	}
	return fmt.Sprint(names), err
}

func (r *rig) tables() (string, error) {
	account, at := r.storageAt(instance.Table)
	credential, err := aztables.NewSharedKeyCredential(account, r.storageKey(""))
	if err != nil {
		return "", err
	}
	client, err := aztables.NewServiceClientWithSharedKey(at, credential, &aztables.ClientOptions{ClientOptions: onceOnly})
	if err != nil {
		return "", err
	}
	names := []string{}
	page, err := client.NewListTablesPager(nil).NextPage(context.Background())
	for _, t := range page.Tables {
		names = append(names, *t.Name)
	}
	return fmt.Sprint(names), err
}
