package queue

import (
	"context"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Account is the queues of one account. It is a small value; copy it freely.
type Account struct {
	store *Store
	id    uint64
}

// Account returns the account of a number that is never used again.
func (s *Store) Account(id uint64) Account { return Account{s, id} }

// Queue finds a queue.
func (a Account) Queue(name string) (*Queue, error) {
	a.store.mu.RLock()
	defer a.store.mu.RUnlock()
	if q := a.store.queue(a.id, name); q != nil {
		return q, nil
	}
	return nil, codes.New(QueueNotFound, "queue "+name, "there is none")
}

// queue finds a queue, or nil. Store.mu is held.
func (s *Store) queue(id uint64, name string) *Queue {
	if a := s.accounts[id]; a != nil {
		return a.queues[name]
	}
	return nil
}

// Names returns the names of all queues, in order.
func (a Account) Names() []string {
	a.store.mu.RLock()
	defer a.store.mu.RUnlock()
	if have := a.store.accounts[a.id]; have != nil {
		return slices.Clone(have.names)
	}
	return nil
}

// List returns up to limit queues whose names have the prefix and are not before from,
// and the name to go on with, "" at the end.
func (a Account) List(prefix, from string, limit int) (page []*Queue, next string) {
	a.store.mu.RLock()
	defer a.store.mu.RUnlock()
	have := a.store.accounts[a.id]
	if have == nil {
		return nil, ""
	}
	at, _ := slices.BinarySearch(have.names, max(prefix, from))
	for _, name := range have.names[at:] {
		if !strings.HasPrefix(name, prefix) {
			break
		}
		if len(page) == limit {
			return page, name
		}
		page = append(page, have.queues[name])
	}
	return page, ""
}

// Create makes a queue. One that exists with the same metadata is left (made is
// false), with other metadata it is a QueueAlreadyExists.
func (a Account) Create(_ context.Context, name string, metadata []Pair) (made bool, err error) {
	s := a.store
	if err := s.use.Enter(); err != nil {
		return false, err
	}
	defer s.use.Leave()
	p, made, err := a.create(name, metadata)
	if err != nil || !made {
		return false, err
	}
	return true, p.Wait()
}

func (a Account) create(name string, metadata []Pair) (p kv.Pending, made bool, err error) {
	s := a.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queue(a.id, name); q != nil {
		if q.sameMetadata(metadata) {
			return p, false, nil
		}
		return p, false, codes.New(QueueAlreadyExists, "queue "+name, "it exists with other metadata")
	}
	q := newQueue(s, a.id, name, queueRecord{ID: s.nextID, Created: s.clock().UTC(), Metadata: metadata})
	b := s.db.NewBatch(256)
	b.Set(queueKey(a.id, name), q.record.json())
	if p, err = b.CommitAsync(); err != nil {
		return p, false, err
	}
	s.nextID++
	s.add(q)
	return p, true, nil
}

// add puts a queue into its account. Store.mu is held.
func (s *Store) add(q *Queue) {
	a := s.account(q.account)
	a.queues[q.name] = q
	at, _ := slices.BinarySearch(a.names, q.name)
	a.names = slices.Insert(a.names, at, q.name)
}

// Delete deletes a queue and what is in it. Whoever holds it finds it gone.
func (a Account) Delete(_ context.Context, name string) error {
	if err := a.store.use.Enter(); err != nil {
		return err
	}
	defer a.store.use.Leave()
	q, p, bytes, err := a.remove(name)
	if err == nil {
		err = p.Wait()
	}
	if err == nil {
		a.store.giveBack(bytes, key(textKind, a.id, q.id))
	}
	return err
}

func (a Account) remove(name string) (q *Queue, p kv.Pending, bytes int64, err error) {
	s := a.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if q = s.queue(a.id, name); q == nil {
		return nil, p, 0, codes.New(QueueNotFound, "queue "+name, "there is none")
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	b := s.db.NewBatch(256)
	b.Delete(queueKey(a.id, name))
	deleteAll(b, key(stateKind, a.id, q.id))
	deleteAll(b, key(textKind, a.id, q.id))
	if p, err = b.CommitAsync(); err != nil {
		return nil, p, 0, err
	}
	bytes = q.bytes()
	q.end()
	have := s.accounts[a.id]
	delete(have.queues, name)
	have.names = slices.DeleteFunc(have.names, func(n string) bool { return n == name })
	return q, p, bytes, nil
}

// DeleteAccount deletes all of an account.
func (s *Store) DeleteAccount(_ context.Context, id uint64) error {
	if err := s.use.Enter(); err != nil {
		return err
	}
	defer s.use.Leave()
	p, bytes, err := s.deleteAccount(id)
	if err == nil {
		err = p.Wait()
	}
	if err == nil {
		s.giveBack(bytes, key(textKind, id))
	}
	return err
}

func (s *Store) deleteAccount(id uint64) (p kv.Pending, bytes int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var queues []*Queue
	if a := s.accounts[id]; a != nil {
		for _, q := range a.queues {
			q.mu.Lock() // so that nothing of them enters the log behind this
			defer q.mu.Unlock()
			queues = append(queues, q)
		}
	}
	b := s.db.NewBatch(256)
	for _, kind := range [...]byte{propertiesKind, queueKind, stateKind, textKind} {
		deleteAll(b, key(kind, id))
	}
	if p, err = b.CommitAsync(); err != nil {
		return p, 0, err
	}
	for _, q := range queues {
		bytes += q.bytes()
		q.end()
	}
	delete(s.accounts, id)
	return p, bytes, nil
}

// ServiceProperties returns what SetServiceProperties was given last, nil at first.
// It must not be changed.
func (a Account) ServiceProperties() []byte {
	a.store.mu.RLock()
	defer a.store.mu.RUnlock()
	if have := a.store.accounts[a.id]; have != nil {
		return have.properties
	}
	return nil
}

// SetServiceProperties keeps the properties of the service, which mean nothing here.
func (a Account) SetServiceProperties(_ context.Context, text []byte) error {
	s := a.store
	if err := s.use.Enter(); err != nil {
		return err
	}
	defer s.use.Leave()
	p, err := func() (kv.Pending, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		b := s.db.NewBatch(len(text) + 64)
		b.Set(key(propertiesKind, a.id), text)
		p, err := b.CommitAsync()
		if err == nil {
			s.account(a.id).properties = slices.Clone(text)
		}
		return p, err
	}()
	if err != nil {
		return err
	}
	return p.Wait()
}
