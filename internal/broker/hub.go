package broker

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Hub is a named stream of partitions. Its methods may be called from any
// goroutine.
type Hub struct {
	b         *Broker
	id        uint32
	namespace uint64
	offset    int64 // what a record's offset is ahead of its sequence number
	turn      atomic.Uint32
	deleted   atomic.Bool // set before its logs close

	state atomic.Pointer[hubState] // replaced as a whole under Broker.mu
}

// hubState is what EnsureHub and AddGroup may change.
type hubState struct {
	meta       hubMeta
	partitions []*Partition
	changed    chan struct{} // closed when the hub gets more partitions or is deleted
}

// Name returns the name as it was given when the hub was made.
func (h *Hub) Name() string { return h.state.Load().meta.Name }

// Namespace returns the id of the account that the hub is in.
func (h *Hub) Namespace() uint64 { return h.namespace }

// Deleted reports whether the hub was deleted; another may have its name.
func (h *Hub) Deleted() bool { return h.deleted.Load() }

// CreatedAt returns when the hub was made, UTC.
func (h *Hub) CreatedAt() time.Time { return h.state.Load().meta.CreatedAt }

// FirstOffset is the offset of the first record ever appended to a partition:
// what an offset is ahead of its sequence number. A hub that was deleted and made
// again has one above all offsets of the hub before it.
func (h *Hub) FirstOffset() Offset { return Offset(h.offset) }

// Retention returns how long records stay; 0 is no limit.
func (h *Hub) Retention() time.Duration { return time.Duration(h.state.Load().meta.Retention) }

// RetentionBytes returns how much of each partition stays at least; 0 is no limit.
func (h *Hub) RetentionBytes() int64 { return h.state.Load().meta.RetentionBytes }

// PartitionCount returns the number of partitions.
func (h *Hub) PartitionCount() int { return len(h.state.Load().partitions) }

// Changed returns a channel that is closed when the hub has got more partitions
// or was deleted, after Broker.Hub tells so. Ask for it before looking at the
// partitions, so that no change is missed.
func (h *Hub) Changed() <-chan struct{} { return h.state.Load().changed }

// Partition returns a partition by its number from 0, or fault.NotFound.
func (h *Hub) Partition(id int) (*Partition, error) {
	parts := h.state.Load().partitions
	if id < 0 || id >= len(parts) {
		return nil, fault.New(fault.NotFound, "hub "+h.Name(), "there is no partition %d; it has %d", id, len(parts))
	}
	return parts[id], nil
}

// ConsumerGroups returns the groups, DefaultGroup first and the others by name.
func (h *Hub) ConsumerGroups() []string {
	return append([]string{DefaultGroup}, h.state.Load().meta.Groups...)
}

// HasGroup reports whether the group exists; case does not matter.
func (h *Hub) HasGroup(name string) bool {
	return strings.EqualFold(name, DefaultGroup) || h.state.Load().meta.hasGroup(name)
}

// AddGroup adds a consumer group, durably. Adding one that exists is no error.
func (h *Hub) AddGroup(name string) error {
	_, err := h.b.Namespace(h.namespace).EnsureHub(HubConfig{Name: h.Name(), ConsumerGroups: []string{name}})
	return err
}

// RemoveGroup removes a consumer group, durably. $Default cannot be removed.
func (h *Hub) RemoveGroup(name string) error {
	if !h.HasGroup(name) {
		return fault.New(fault.NotFound, "hub "+h.Name(), "there is no consumer group %s", name)
	}
	if strings.EqualFold(name, DefaultGroup) {
		return fault.New(fault.Invalid, "hub "+h.Name(), "%s cannot be removed", DefaultGroup)
	}
	return h.b.removeGroup(h, name)
}

// Route returns the partition of a key; see Hash.
func (h *Hub) Route(key string) *Partition {
	parts := h.state.Load().partitions
	return parts[PartitionOf(key, len(parts))]
}

// RoundRobin returns one partition after the other.
func (h *Hub) RoundRobin() *Partition {
	parts := h.state.Load().partitions
	return parts[(h.turn.Add(1)-1)%uint32(len(parts))]
}

func (m hubMeta) hasGroup(name string) bool {
	return slices.ContainsFunc(m.Groups, func(g string) bool { return strings.EqualFold(g, name) })
}
