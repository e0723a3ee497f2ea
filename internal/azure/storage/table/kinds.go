package table

import (
	"context"
	"encoding/json"

	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// Kinds are what can exist in an account's table service: tables. onUse says
// whether naming one is enough to make it (see resource.Kind.OnUse).
func Kinds(store *tablestore.Store, onUse func(account resource.Account, name string) error) []resource.Kind {
	return []resource.Kind{{
		Type: resource.Tables, Word: "table", OnUse: onUse,
		Exists: func(a resource.Account, name string) bool {
			_, err := store.Account(a.ID).Table(name)
			return err == nil
		},
		List: func(a resource.Account) (names []string) {
			for _, t := range store.Account(a.ID).Tables("") {
				names = append(names, t.Name())
			}
			return names
		},
		Apply: func(ctx context.Context, a resource.Account, name string, _ json.RawMessage) error {
			if _, err := store.Account(a.ID).Table(name); err == nil {
				return nil
			}
			_, err := store.Account(a.ID).CreateTable(ctx, name)
			return err
		},
		Remove: func(ctx context.Context, a resource.Account, name string) error {
			return store.Account(a.ID).DeleteTable(ctx, name)
		},
	}}
}

// id names a table of the service's account.
func (s *Service) id(name string) resource.ID {
	return resource.ID{Account: s.account, Type: resource.Tables, Name: name}
}
