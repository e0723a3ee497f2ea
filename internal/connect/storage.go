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
	f.StorageIsLocal = account.Name == instance.DefaultStorage
	f.BlobAt, f.QueueAt, f.TableAt = numeric(info.Addresses[instance.Blob]), numeric(info.Addresses[instance.Queue]), numeric(info.Addresses[instance.Table])
	at := func(service, local string) string {
		if !f.StorageIsLocal {
			return "https://" + account.Name + "." + service + ".core.windows.net/"
		}
		return "http://" + local + "/" + account.Name
	}
	f.BlobEndpoint, f.QueueEndpoint, f.TableEndpoint = at(instance.Blob, f.BlobAt), at(instance.Queue, f.QueueAt), at(instance.Table, f.TableAt)
	if f.StorageKey != "" {
		f.Storage = f.storageConnection(f.StorageKey)
	}
	return nil
}

func (f *Facts) storageConnection(key string) string {
	if f.StorageIsLocal {
		return fmt.Sprintf("DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=%s;QueueEndpoint=%s;TableEndpoint=%s;",
			f.StorageAccount, key, f.BlobEndpoint, f.QueueEndpoint, f.TableEndpoint)
	}
	return fmt.Sprintf("DefaultEndpointsProtocol=https;AccountName=%s;AccountKey=%s;EndpointSuffix=core.windows.net", f.StorageAccount, key)
}

// StorageConnection is the connection string with Secret in place of the key.
func (f *Facts) StorageConnection() string { return f.storageConnection(Secret) }
