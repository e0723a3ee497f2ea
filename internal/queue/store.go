package queue

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Options are what Open needs; DB is required.
type Options struct {
	DB     *kv.DB
	Log    *slog.Logger     // default: none
	Now    func() time.Time // default: the system's clock, which no setting moves back
	Events func(Event)      // default: nobody listens
}

// Store is the queues of all accounts. It is safe for concurrent use.
type Store struct {
	db     *kv.DB
	log    *slog.Logger
	clock  func() time.Time
	tell   func(Event)
	secret []byte      // what receipts are signed with
	kept   atomic.Bool // the secret is in the database

	use *kv.Use // what is under way

	mu       sync.RWMutex        // guards what follows; taken before a queue's
	accounts map[uint64]*account // those that have something
	nextID   uint64              // of queues
}

// account is what an account has.
type account struct {
	queues     map[string]*Queue
	names      []string // of queues, in order
	properties []byte   // of the service
}

// Open reads the queues and the states of their messages.
func Open(o Options) (*Store, error) {
	s := &Store{db: o.DB, use: kv.NewUse(o.DB, "queues"), log: o.Log, clock: o.Now, tell: o.Events, accounts: map[uint64]*account{}, nextID: 1}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.clock == nil {
		s.clock = newSteadyClock().Now
	}
	if s.tell == nil {
		s.tell = func(Event) {}
	}
	for _, step := range [...]func() error{s.loadSecret, s.loadProperties, s.loadQueues, s.loadStates} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("read the queues: %w", err)
		}
	}
	return s, nil
}

func (s *Store) now() int64 { return s.clock().UnixNano() }

// sweepEvery is how often what has expired is deleted from the disk.
const sweepEvery = 15 * time.Second

// Run deletes what has expired until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.sweep(); err != nil {
				s.log.Warn("expired messages are not deleted yet", "error", err)
			}
		}
	}
}

// Close ends the use of the database, once what is under way has ended, but does not
// wait for room on a full disk.
func (s *Store) Close() error {
	s.use.Close()
	return nil
}

// loadSecret reads the secret, or makes one, which the first commit of messages keeps:
// a store that cannot be written can still be opened.
func (s *Store) loadSecret() error {
	secret, ok, err := s.db.Get(nil, key(secretKind))
	if err != nil || ok {
		s.secret = secret
		s.kept.Store(ok)
		return err
	}
	s.secret = make([]byte, 32)
	rand.Read(s.secret) //nolint:errcheck // it never fails
	return nil
}

func damaged(what string) error {
	return fault.New(fault.Internal, "queues", "%s in the store is damaged, or of another version of lazuli", what)
}

func (s *Store) loadProperties() error {
	return kv.Each(s.db, key(propertiesKind), func(k, v []byte) error {
		n, ok := numbersOf(k, propertiesKind, 1)
		if !ok {
			return damaged("a key of properties")
		}
		s.account(n[0]).properties = append([]byte(nil), v...)
		return nil
	})
}

func (s *Store) loadQueues() error {
	head := len(key(queueKind, 0))
	return kv.Each(s.db, key(queueKind), func(k, v []byte) error {
		if len(k) <= head {
			return damaged("a key of a queue")
		}
		n, _ := numbersOf(k[:head], queueKind, 1)
		var r queueRecord
		if err := json.Unmarshal(v, &r); err != nil {
			return damaged("a queue")
		}
		s.add(newQueue(s, n[0], string(k[head:]), r))
		s.nextID = max(s.nextID, r.ID+1)
		return nil
	})
}

// loadStates fills the queues. States of a queue are side by side.
func (s *Store) loadStates() error {
	byID := map[uint64]*Queue{}
	for _, a := range s.accounts {
		for _, q := range a.queues {
			byID[q.id] = q
		}
	}
	now := s.now()
	err := kv.Each(s.db, key(stateKind), func(k, v []byte) error {
		n, ok := numbersOf(k, stateKind, 3)
		if !ok {
			return damaged("a key of a message")
		}
		m, err := parseState(v)
		q := byID[n[1]]
		if err != nil || q == nil || q.account != n[0] {
			return errors.Join(damaged("a message"), err)
		}
		q.next = n[2] + 1
		if m.expires <= now {
			q.dead = append(q.dead, n[2])
			return nil
		}
		q.insert(&message{state: m, seq: n[2]}, now)
		return nil
	})
	return err
}

// account returns what an account has, made if need be. Store.mu is held, or nobody
// else is there yet.
func (s *Store) account(id uint64) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{queues: map[string]*Queue{}}
		s.accounts[id] = a
	}
	return a
}

// sweepBatch is how many messages are deleted in one commit.
const sweepBatch = 1000

// sweep deletes what has expired from the disk.
func (s *Store) sweep() error {
	if err := s.use.Enter(); err != nil {
		return nil //nolint:nilerr // it is over
	}
	defer s.use.Leave()
	for _, q := range s.all() {
		for {
			n, err := q.sweep()
			if err != nil {
				return err
			}
			if n < sweepBatch {
				break
			}
		}
	}
	return nil
}

func (s *Store) all() (queues []*Queue) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, a := range s.accounts {
		for _, q := range a.queues {
			queues = append(queues, q)
		}
	}
	return queues
}
