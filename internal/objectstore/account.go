package objectstore

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Account is the handle of one account. It is a small value; copy it freely.
type Account struct {
	s  *Store
	id uint64
}

// accountState is what is known of an account in memory. Store.catalog guards
// the maps.
type accountState struct {
	containers map[string]*container
	deleted    map[string]*container // softly, by name and version
	settings   atomic.Pointer[settings]
	versioning versioning
}

// versioning is whether an account keeps versions, as SetVersioning said last.
// Store.catalog guards it.
type versioning struct{ said, on bool }

// settings are an account's.
type settings struct {
	properties []byte // the service's, as they were given
	retention  Retention
}

func (a *accountState) add(c *container) {
	if r := c.rec.Load(); r.deleted != 0 {
		a.deleted[deletedKey(c.name, r.deleted)] = c
		return
	}
	a.containers[c.name] = c
}

func deletedKey(name string, t tick) string { return name + "\x00" + t.text() }

// Account returns the handle of the account with a number that no other ever
// has.
func (s *Store) Account(id uint64) Account { return Account{s, id} }

// state returns what is known of an account. Store.catalog is held for writing,
// or nobody else is there yet.
func (s *Store) state(account uint64) *accountState {
	a := s.accounts[account]
	if a == nil {
		a = &accountState{containers: map[string]*container{}, deleted: map[string]*container{}}
		a.settings.Store(&settings{})
		s.accounts[account] = a
	}
	return a
}

// find returns the container, or nil.
func (a Account) find(name string) *container {
	a.s.catalog.RLock()
	defer a.s.catalog.RUnlock()
	if st := a.s.accounts[a.id]; st != nil {
		return st.containers[name]
	}
	return nil
}

// container returns the container, or refuses.
func (a Account) container(name string) (*container, error) {
	if c := a.find(name); c != nil {
		return c, nil
	}
	return nil, noContainer(name)
}

func noContainer(name string) error {
	return codes.New(ContainerNotFound, "container "+name, "it does not exist")
}

func (a Account) settings() settings {
	a.s.catalog.RLock()
	defer a.s.catalog.RUnlock()
	if st := a.s.accounts[a.id]; st != nil {
		now := *st.settings.Load()
		if st.versioning.said {
			now.retention.Versions = st.versioning.on
		}
		return now
	}
	return settings{}
}

// SetVersioning says whether overwritten blobs of the account become versions,
// whatever SetRetention was told. It is not kept: who knows it from elsewhere says
// it anew at each start.
func (a Account) SetVersioning(on bool) {
	a.s.catalog.Lock()
	defer a.s.catalog.Unlock()
	a.s.state(a.id).versioning = versioning{true, on}
}

// Retention returns what the account keeps of what is deleted.
func (a Account) Retention() Retention { return a.settings().retention }

// SetRetention sets it.
func (a Account) SetRetention(ctx context.Context, r Retention) error {
	return a.setSettings(ctx, func(s *settings) { s.retention = r })
}

// ServiceProperties returns what SetServiceProperties was given, nil before.
func (a Account) ServiceProperties() []byte { return a.settings().properties }

// SetServiceProperties keeps the properties of the service, which the store does
// not look into.
func (a Account) SetServiceProperties(ctx context.Context, text []byte) error {
	return a.setSettings(ctx, func(s *settings) { s.properties = slices.Clone(text) })
}

func (a Account) setSettings(ctx context.Context, set func(*settings)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := a.s.use.Enter(); err != nil {
		return err
	}
	defer a.s.use.Leave()
	a.s.catalog.Lock()
	st := a.s.state(a.id)
	after := *st.settings.Load()
	set(&after)
	b := a.s.db.NewBatch(256)
	b.Set(accountKey(tableAccounts, a.id), after.append(nil))
	return a.s.commitCatalog(b, func() { st.settings.Store(&after) })
}

// commitCatalog commits a change of the catalog, which the caller has locked,
// unlocks it when the change is visible and waits for the disk.
func (s *Store) commitCatalog(b *kv.Batch, visible func()) error {
	p, err := b.CommitAsync()
	if err == nil {
		visible()
	}
	s.catalog.Unlock()
	if err == nil {
		err = p.Wait()
	}
	return kvError(err)
}

// append encodes the settings: version, days, days, versions, properties.
func (s *settings) append(dst []byte) []byte {
	dst = binary.AppendUvarint(append(dst, recordVersion), uint64(s.retention.BlobDays))
	dst = binary.AppendUvarint(dst, uint64(s.retention.ContainerDays))
	versions := byte(0)
	if s.retention.Versions {
		versions = 1
	}
	return appendText(append(dst, versions), s.properties)
}

func parseSettings(b []byte) (*settings, error) {
	d := decoder{b: b}
	if d.byte() != recordVersion {
		return nil, errRecord
	}
	s := &settings{retention: Retention{BlobDays: int(d.int()), ContainerDays: int(d.int()), Versions: d.byte() == 1}}
	s.properties = slices.Clone(d.bytes())
	return s, d.err()
}

// DeleteAccount deletes everything of the account.
func (s *Store) DeleteAccount(ctx context.Context, id uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.use.Enter(); err != nil {
		return err
	}
	defer s.use.Leave()
	s.catalog.Lock()
	st := s.accounts[id]
	if st == nil {
		s.catalog.Unlock()
		return nil
	}
	b := s.db.NewBatch(1024)
	b.Delete(accountKey(tableAccounts, id))
	all := append(slices.Collect(maps.Values(st.containers)), slices.Collect(maps.Values(st.deleted))...)
	slices.SortFunc(all, func(x, y *container) int { return strings.Compare(x.name, y.name) })
	return s.dropContainers(b, all, func() { delete(s.accounts, id) })
}

// kvError words an error of the records' store.
func kvError(err error) error {
	if err == nil {
		return nil
	}
	return codes.Wrap(codeOf(err), "blob store", err, "its records cannot be read or written")
}

// get reads a record.
func get(r kv.Reader, key []byte) ([]byte, bool, error) {
	v, ok, err := r.Get(nil, key)
	return v, ok, kvError(err)
}
