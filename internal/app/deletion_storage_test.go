package app

import (
	"slices"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// TestScopesLeadToThings: the scope of a thing leads back to it, also where an
// account has services between itself and what is in it.
func TestScopesLeadToThings(t *testing.T) {
	hubs := resource.Account{ID: 1, Type: resource.Namespaces, Name: "n"}
	docs := resource.Account{ID: 2, Type: resource.CosmosAccounts, Name: "c"}
	blobs := resource.Account{ID: 3, Type: resource.StorageAccounts, Name: "s"}
	for _, c := range []struct {
		id    resource.ID
		steps []string // as identity.Scope takes them
		below []identity.Step
	}{
		{resource.ID{Account: hubs, Type: resource.Hubs, Name: "h"}, []string{"h"}, []identity.Step{{Type: "eventhubs", Name: "h"}}},
		{
			resource.ID{Account: docs, Type: resource.Containers, Name: "d/c"},
			[]string{"d", "c"},
			[]identity.Step{{Type: "dbs", Name: "d"}, {Type: "colls", Name: "c"}},
		},
		{
			resource.ID{Account: blobs, Type: resource.BlobContainers, Name: "docs"},
			[]string{"blobServices", "default", "containers", "docs"},
			[]identity.Step{{Type: "blobServices", Name: "default"}, {Type: "containers", Name: "docs"}},
		},
		{
			resource.ID{Account: blobs, Type: resource.Queues, Name: "work"},
			[]string{"queueServices", "default", "queues", "work"},
			[]identity.Step{{Type: "queueServices", Name: "default"}, {Type: "queues", Name: "work"}},
		},
	} {
		if got := steps(c.id); !slices.Equal(got, c.steps) {
			t.Errorf("%s: steps %q, want %q", c.id, got, c.steps)
		}
		if got := resourceBelow(c.id.Account, c.below); got != c.id {
			t.Errorf("%v leads to %+v, want %+v", c.below, got, c.id)
		}
	}
}
