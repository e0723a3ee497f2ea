package broker

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Namespace is the hubs of one account: whoever holds it reaches no others. The
// account's id is never used again, so that a namespace made anew under an old
// name is empty. A Namespace is a small value; copy it freely.
type Namespace struct {
	b  *Broker
	id uint64
}

// Namespace returns the hubs of the account with the id.
func (b *Broker) Namespace(id uint64) Namespace { return Namespace{b, id} }

// ID is the account's id.
func (n Namespace) ID() uint64 { return n.id }

// hubKey is how a hub is found: names are compared without case.
type hubKey struct {
	namespace uint64
	name      string
}

func keyOf(namespace uint64, name string) hubKey { return hubKey{namespace, strings.ToLower(name)} }

// Hub returns the hub of that name, or fault.NotFound. Case does not matter.
func (n Namespace) Hub(name string) (*Hub, error) {
	n.b.mu.Lock()
	defer n.b.mu.Unlock()
	if h := n.b.hubs[keyOf(n.id, name)]; h != nil {
		return h, nil
	}
	return nil, fault.New(fault.NotFound, "hub "+name, "it does not exist")
}

// Hubs returns all hubs by name.
func (n Namespace) Hubs() []*Hub {
	n.b.mu.Lock()
	defer n.b.mu.Unlock()
	var list []*Hub
	for key, h := range n.b.hubs {
		if key.namespace == n.id {
			list = append(list, h)
		}
	}
	slices.SortFunc(list, func(x, y *Hub) int {
		return cmp.Compare(strings.ToLower(x.Name()), strings.ToLower(y.Name()))
	})
	return list
}

// Changed returns a channel that is closed at the next change of what exists: a
// hub that is made or deleted, partitions that are added. Get it before looking,
// so that no change is missed.
func (n Namespace) Changed() <-chan struct{} {
	n.b.mu.Lock()
	defer n.b.mu.Unlock()
	return n.b.changed
}
