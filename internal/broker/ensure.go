package broker

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// HubConfig describes a hub that EnsureHub makes or brings up to date.
type HubConfig struct {
	Name           string        // 1-256 of letters, digits, '.', '-', '_'; compared case-insensitively
	Partitions     int           // 1-1024; may grow later, never shrink; 0 leaves an existing hub as it is
	Retention      time.Duration // records older than this may go; 0 leaves what is set (at first: no limit), negative is no limit
	RetentionBytes int64         // per partition: the newest of this size stay, and at most a sixteenth or 1 MiB more; 0 and negative as above
	ConsumerGroups []string      // beside $Default, which always exists
}

const (
	maxPartitions = 1024
	maxHubName    = 256
	maxGroupName  = 50
)

// EnsureHub makes the hub, or gives an existing one what it lacks: more
// partitions, more consumer groups, another retention. When it returns, that is
// durable. It never removes anything: fewer partitions than there are is
// fault.Conflict, a bad name or number fault.Invalid.
//
// More partitions change where keys are routed, from then on.
func (n Namespace) EnsureHub(cfg HubConfig) (*Hub, error) {
	b := n.b
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	b.change.Lock()
	defer b.change.Unlock()
	if err := b.checkRunning(); err != nil {
		return nil, err
	}
	if h, err := n.Hub(cfg.Name); err == nil {
		return h, b.updateHub(h, cfg)
	}
	return n.createHub(cfg)
}

func (b *Broker) checkRunning() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return fault.New(fault.Unavailable, "broker", "it is closed")
	}
	return nil
}

// createHub makes the partitions first and the entry in the list last: a crash
// between leaves folders of an id that the list has not given out, which the
// next hub clears away.
func (n Namespace) createHub(cfg HubConfig) (*Hub, error) {
	b := n.b
	if cfg.Partitions == 0 {
		return nil, fault.New(fault.Invalid, "hub "+cfg.Name, "a new hub needs 1 to %d partitions", maxPartitions)
	}
	fs, dir := b.opts.FS, b.opts.Dir
	m := hubMeta{
		ID:          b.meta.NextID,
		Namespace:   n.id,
		Name:        cfg.Name,
		CreatedAt:   b.opts.Now().UTC().Truncate(time.Millisecond),
		Partitions:  cfg.Partitions,
		FirstOffset: b.meta.Offsets[keyOf(n.id, cfg.Name).text()],
	}
	m.apply(cfg)
	if err := fs.RemoveAll(fs.PathJoin(dir, hubDir(m.ID))); err != nil {
		return nil, fault.Wrap(fault.Unavailable, "hub "+cfg.Name, err, "clear its folder")
	}
	h := &Hub{b: b, id: m.ID, namespace: n.id, offset: m.FirstOffset}
	parts, err := h.openPartitions(m, 0, false)
	if err != nil {
		return nil, err
	}
	next := b.meta
	next.NextID++
	next.Hubs = append(slices.Clone(b.meta.Hubs), m)
	if err := next.save(fs, dir); err != nil {
		return nil, errors.Join(err, releaseAll(parts))
	}
	b.meta = next
	h.state.Store(&hubState{m, parts, make(chan struct{})})
	b.add(h, parts)
	return h, nil
}

// updateHub brings an existing hub up to date; the order is createHub's.
func (b *Broker) updateHub(h *Hub, cfg HubConfig) error {
	old := h.state.Load()
	m := old.meta
	if cfg.Partitions > 0 && cfg.Partitions < m.Partitions {
		return fault.New(fault.Conflict, "hub "+m.Name,
			"it has %d partitions and cannot shrink to %d; delete it, or ask for %d or more",
			m.Partitions, cfg.Partitions, m.Partitions)
	}
	m.Partitions = max(m.Partitions, cfg.Partitions)
	m.Groups = slices.Clone(m.Groups)
	m.apply(cfg)
	if m.equal(old.meta) {
		return nil
	}
	parts, err := h.openPartitions(m, old.meta.Partitions, false)
	if err != nil {
		return err
	}
	next := b.meta.with(m)
	if err := next.save(b.opts.FS, b.opts.Dir); err != nil {
		return errors.Join(err, releaseAll(parts))
	}
	b.meta = next
	for _, p := range old.partitions {
		p.limitSegments(m)
	}
	changed := old.changed
	if len(parts) > 0 {
		changed = make(chan struct{})
	}
	h.state.Store(&hubState{m, append(slices.Clone(old.partitions), parts...), changed})
	b.add(h, parts)
	if len(parts) > 0 {
		close(old.changed)
	}
	return nil
}

// removeGroup takes a group out of the list.
func (b *Broker) removeGroup(h *Hub, name string) error {
	b.change.Lock()
	defer b.change.Unlock()
	if err := b.checkRunning(); err != nil {
		return err
	}
	state := *h.state.Load()
	state.meta.Groups = slices.DeleteFunc(slices.Clone(state.meta.Groups), func(g string) bool { return strings.EqualFold(g, name) })
	next := b.meta.with(state.meta)
	if err := next.save(b.opts.FS, b.opts.Dir); err != nil {
		return err
	}
	b.meta = next
	h.state.Store(&state)
	return nil
}

func releaseAll(parts []*Partition) error {
	var errs []error
	for _, p := range parts {
		errs = append(errs, p.log.Release())
	}
	return errors.Join(errs...)
}

// apply sets retention and adds groups as the configuration asks.
func (m *hubMeta) apply(cfg HubConfig) {
	if cfg.Retention != 0 {
		m.Retention = duration(max(cfg.Retention, 0))
	}
	if cfg.RetentionBytes != 0 {
		m.RetentionBytes = max(cfg.RetentionBytes, 0)
	}
	for _, g := range cfg.ConsumerGroups {
		if !strings.EqualFold(g, DefaultGroup) && !m.hasGroup(g) {
			m.Groups = append(m.Groups, g)
		}
	}
	slices.SortFunc(m.Groups, func(x, y string) int {
		return strings.Compare(strings.ToLower(x), strings.ToLower(y))
	})
}

func (m hubMeta) equal(o hubMeta) bool {
	return m.Partitions == o.Partitions && m.Retention == o.Retention &&
		m.RetentionBytes == o.RetentionBytes && slices.Equal(m.Groups, o.Groups)
}

func (cfg HubConfig) validate() error {
	if err := checkName("hub", cfg.Name, maxHubName); err != nil {
		return err
	}
	if cfg.Partitions < 0 || cfg.Partitions > maxPartitions {
		return fault.New(fault.Invalid, "hub "+cfg.Name, "%d partitions; it can be 1 to %d", cfg.Partitions, maxPartitions)
	}
	for _, g := range cfg.ConsumerGroups {
		if strings.EqualFold(g, DefaultGroup) {
			continue
		}
		if err := checkName("consumer group", g, maxGroupName); err != nil {
			return err
		}
	}
	return nil
}

// checkName applies Azure's rule for names: letters, digits, '.', '-' and '_',
// with a letter or digit at both ends.
func checkName(what, name string, limit int) error {
	bad := func(r rune) bool { return !alphanumeric(r) && !strings.ContainsRune(".-_", r) }
	if name == "" || len(name) > limit || strings.ContainsFunc(name, bad) ||
		!alphanumeric(rune(name[0])) || !alphanumeric(rune(name[len(name)-1])) {
		return fault.New(fault.Invalid, fmt.Sprintf("%s %.300q", what, name),
			"a name is 1 to %d letters, digits, '.', '-', '_', with a letter or digit at both ends", limit)
	}
	return nil
}

func alphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
