package connect

import (
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

// storage fills in the facts of a storage account. The one that localhost means is
// named in the path of its addresses, which is what UseDevelopmentStorage=true stands
// for; others have Azure's names.
func (f *Facts) storage(info instance.Info, name string) error {
	account, ok := info.Account(instance.StorageAccounts, name)
	if !ok && name == "" {
		return nil // an instance without storage
	}
	if !ok {
		return none(info, instance.StorageAccounts, "storage account", name)
	}
	f.StorageAccount, f.StorageKey = account.Name, account.Key
	local := account.Name == instance.DefaultStorage
	at := func(service string) string {
		if !local {
			return "https://" + account.Name + "." + service + ".core.windows.net/"
		}
		return "http://" + numeric(info.Addresses[service]) + "/" + account.Name
	}
	f.BlobEndpoint = at(instance.Blob)
	switch {
	case f.StorageKey == "":
	case local:
		f.Storage = fmt.Sprintf("DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=%s;QueueEndpoint=%s;TableEndpoint=%s;",
			account.Name, f.StorageKey, f.BlobEndpoint, at(instance.Queue), at(instance.Table))
	default:
		f.Storage = fmt.Sprintf("DefaultEndpointsProtocol=https;AccountName=%s;AccountKey=%s;EndpointSuffix=core.windows.net", account.Name, f.StorageKey)
	}
	return nil
}
