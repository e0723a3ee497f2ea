package broker

import (
	"maps"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// DeleteHub removes the hub and everything stored in it; its readers end with
// fault.Gone. A hub made later under the same name is another one: its
// sequence numbers begin at 0, but its offsets go on above the old ones, so
// that a consumer's old checkpoint never skips new records.
func (n Namespace) DeleteHub(name string) error {
	b := n.b
	b.change.Lock()
	defer b.change.Unlock()
	if err := b.checkRunning(); err != nil {
		return err
	}
	h, err := n.Hub(name)
	if err != nil {
		return err
	}
	h.deleted.Store(true)
	key := keyOf(n.id, h.Name())
	// Gone by name before its readers end, so that they can tell why they did.
	b.mu.Lock()
	delete(b.hubs, key)
	b.tellChange()
	b.mu.Unlock()
	close(h.state.Load().changed)
	parts := h.state.Load().partitions
	offset := h.offset
	for _, p := range parts {
		b.halt(p) // no record may come after the offset is known
		offset = max(offset, h.offset+p.log.Info().Next)
	}
	next := b.meta
	next.Hubs = slices.DeleteFunc(slices.Clone(b.meta.Hubs), func(m hubMeta) bool { return m.ID == h.id })
	next.Trash = append(slices.Clone(b.meta.Trash), h.id)
	next.Offsets = maps.Clone(b.meta.Offsets)
	next.Offsets[key.text()] = offset
	if err := next.save(b.opts.FS, b.opts.Dir); err != nil {
		return err // the hub is gone until the next start, which finds it whole
	}
	b.meta = next
	if err := releaseAll(parts); err != nil {
		b.opts.Log.Warn("close of a deleted hub failed", "hub", name, "error", err)
	}
	return b.emptyTrash()
}

// halt ends a partition's writer and waits until it is gone.
func (b *Broker) halt(p *Partition) {
	b.mu.Lock()
	b.unstarted = slices.DeleteFunc(b.unstarted, func(x *Partition) bool { return x == p })
	started := p.started
	b.mu.Unlock()
	p.log.Close()
	if started {
		<-p.ended
	}
}

// emptyTrash removes the folders of deleted hubs. change is held, or the broker
// is being opened.
func (b *Broker) emptyTrash() error {
	if len(b.meta.Trash) == 0 {
		return nil
	}
	for _, id := range b.meta.Trash {
		if err := b.opts.FS.RemoveAll(b.opts.FS.PathJoin(b.opts.Dir, hubDir(id))); err != nil {
			return fault.Wrap(fault.Unavailable, hubDir(id), err, "remove the folder of a deleted hub")
		}
	}
	next := b.meta
	next.Trash = nil
	if err := next.save(b.opts.FS, b.opts.Dir); err != nil {
		return err
	}
	b.meta = next
	return nil
}
