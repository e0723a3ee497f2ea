package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/transfer"
)

func newStorageCmd(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "storage",
		Short: "List, copy, print and delete blobs, here and on Azure",
		Long: `List, copy, print and delete blobs. A place in a storage account is written
  blob://ACCOUNT/CONTAINER/PATH
with the blob's name as it is, without escapes; blob:///CONTAINER/PATH is in the account
that localhost means (devstoreaccount1). The folders of blobs are what stands before a
slash in their names.

ACCOUNT is one of the running lazuli, if it has one of that name, and opened with its
key, or as you where keys are off. Else it is Azure's, opened with --connection-string
or AZURE_STORAGE_CONNECTION_STRING where that names it, with --sas, or as whom
DefaultAzureCredential signs in (az login).`,
		Example: `  lazuli storage ls                                          accounts of the running lazuli
  lazuli storage cp -r ./site/ blob:///web/                  what is in the folder
  lazuli storage cp blob://contoso/backups/db.bak .          from Azure
  lazuli storage cat blob:///logs/today.log --offset -2000   its end
  lazuli storage rm -r blob:///web/old/
  lazuli storage usage`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Args: knownVerb,
	}
	cmd.AddCommand(newStorageLsCmd(s), newStorageCpCmd(s), newStorageCatCmd(s), newStorageRmCmd(s), newStorageUsageCmd(s))
	return cmd
}

// parsePlaces reads places, each as the command line may have it.
func parsePlaces(cmd *cobra.Command, args []string) ([]transfer.Place, error) {
	places := make([]transfer.Place, len(args))
	for i, text := range args {
		p, err := transfer.ParsePlace(text)
		if err == nil && strings.HasPrefix(text, "http") && strings.Contains(text, "://") {
			err = fmt.Errorf("%s: write %sACCOUNT/CONTAINER/PATH, and a signature (what follows the ?) as --sas", withoutQuery(text), transfer.Scheme)
		}
		if err != nil {
			return nil, &usageError{cmd, err}
		}
		places[i] = p
	}
	return places, nil
}

// withoutQuery leaves out the part of an address that may hold a secret.
func withoutQuery(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return address
}

// blobPlace reads an argument that must be in a storage account; need is the least that
// it must name, a container or a blob.
func blobPlace(cmd *cobra.Command, text, need string) (transfer.Place, error) {
	places, err := parsePlaces(cmd, []string{text})
	if err != nil {
		return transfer.Place{}, err
	}
	p := places[0]
	switch {
	case !p.Blob:
		err = fmt.Errorf("%s is no place in a storage account; write %sACCOUNT/CONTAINER/PATH", text, transfer.Scheme)
	case need != "" && p.Container == "", need == "blob" && p.Name == "":
		err = fmt.Errorf("%s names no %s; write %sACCOUNT/CONTAINER/PATH", text, need, transfer.Scheme)
	}
	if err != nil {
		return p, &usageError{cmd, err}
	}
	return p, nil
}

// side opens a place.
func (f *storageFlags) side(ctx context.Context, s *session, p transfer.Place) (transfer.Side, *blobAccount, error) {
	if !p.Blob {
		return transfer.Side{Place: p}, nil, nil
	}
	account, err := f.open(ctx, s, p.Account)
	if err != nil {
		return transfer.Side{}, nil, err
	}
	p.Account = account.name
	side := transfer.Side{Place: p, Realm: account.realm}
	if p.Container != "" {
		side.Container = account.client.NewContainerClient(p.Container)
	}
	if account.signs {
		side.Readable = func(blob string) (string, error) { return readableFor(side.Container.NewBlobClient(blob)) }
	}
	return side, account, nil
}
