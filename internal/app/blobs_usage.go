package app

import (
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/page/usage"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// blobUsage says what the store takes of the disk, by the names of accounts.
func (e *env) blobUsage(store *objectstore.Store) (usage.Usage, error) {
	u, err := store.Usage()
	if err != nil {
		return usage.Usage{}, err
	}
	out := usage.Usage{Disk: u.Disk, Live: u.Live, Files: u.Files, Accounts: []usage.Account{}}
	for _, a := range e.Exists.Accounts(resource.StorageAccounts) {
		account := usage.Account{Name: a.Name, Containers: []usage.Container{}}
		id := stored(a).ID
		for _, c := range u.Containers {
			if c.Account == id {
				account.Containers = append(account.Containers, usage.Container{Name: c.Name, Blobs: c.Blobs, Bytes: c.Bytes})
			}
		}
		out.Accounts = append(out.Accounts, account)
	}
	return out, nil
}
