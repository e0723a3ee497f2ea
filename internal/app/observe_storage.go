package app

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// connectableStorage is a container of blobs, a queue or a table, by account/name, and
// the account's key.
func (e *env) connectableStorage(t connect.Thing, id string) (connect.Thing, string, error) {
	account, name, _ := strings.Cut(id, "/")
	t.In.Storage = account
	a, err := e.Exists.Account(resource.StorageAccounts, account)
	if err != nil {
		return t, "", err
	}
	switch t.Kind {
	case "blobs":
		t.Container = name
		_, err = e.Storage.objects.Account(a.ID).Container(e.Context, name, objectstore.Conditions{})
	case "queue":
		t.Queue = name
		_, err = e.Storage.queues.Account(a.ID).Queue(name)
	default:
		t.Table = name
		_, err = e.Storage.tables.Account(a.ID).Table(name)
	}
	if err != nil {
		return t, "", err
	}
	f, err := e.facts(t.In)
	return t, f.StorageKey, err
}
