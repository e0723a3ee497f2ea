package jobs

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Store keeps the checkpoints of one job, and what was ordered for it. Key of a
// checkpoint: job, zero byte, lane, zero byte, then nothing for the state, or the
// number of a journal entry in eight bytes. It shares the documents' log, so a
// checkpoint and the documents that it speaks of share a sync.
type Store struct {
	db      *kv.DB
	space   kv.Space // checkpoints
	records kv.Space // see record
	job     string

	mu      sync.Mutex        // guards entries
	entries map[string]uint64 // by lane: journal entries, once they were counted
}

// NewStore returns the store of a job in two spaces of a database.
func NewStore(db *kv.DB, checkpoints, records kv.Space, job string) *Store {
	return &Store{db: db, space: checkpoints, records: records, job: job, entries: map[string]uint64{}}
}

func (s *Store) key(lane string) []byte {
	return s.space.Key([]byte(s.job + "\x00" + lane + "\x00"))
}

func entryKey(state []byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(state[:len(state):len(state)], n)
}

// Load implements stream.Store.
func (s *Store) Load(_ context.Context, lane string) ([]byte, [][]byte, error) {
	key := s.key(lane)
	state, found, err := s.db.Get(nil, key)
	if err != nil {
		return nil, nil, err
	}
	if !found {
		state = nil
	}
	journal, err := s.journal(key)
	if err == nil {
		s.count(lane, uint64(len(journal)))
	}
	return state, journal, err
}

// journal reads the entries one number after the other, until one is missing.
func (s *Store) journal(key []byte) ([][]byte, error) {
	var all [][]byte
	for {
		entry, found, err := s.db.Get(nil, entryKey(key, uint64(len(all))))
		if err != nil || !found {
			return all, err
		}
		all = append(all, entry)
	}
}

// Save implements stream.Store.
func (s *Store) Save(_ context.Context, lane string, state []byte, journal [][]byte) error {
	key := s.key(lane)
	b := s.db.NewBatch(len(state) + 256)
	b.DeleteRange(entryKey(key, 0), kv.PrefixEnd(key))
	b.Set(key, state)
	for i, entry := range journal {
		b.Set(entryKey(key, uint64(i)), entry)
	}
	if err := b.Commit(); err != nil {
		return err
	}
	s.count(lane, uint64(len(journal)))
	return nil
}

// Append implements stream.Store. A lane has one Save or Append under way at a
// time.
func (s *Store) Append(_ context.Context, lane string, entry []byte) error {
	key := s.key(lane)
	n, err := s.counted(lane, key)
	if err != nil {
		return err
	}
	b := s.db.NewBatch(len(entry) + 128)
	b.Set(entryKey(key, n), entry)
	if err := b.Commit(); err != nil {
		return err
	}
	s.count(lane, n+1)
	return nil
}

// discard removes all checkpoints with a batch.
func (s *Store) discard(b *kv.Batch) {
	all := s.space.Key([]byte(s.job + "\x00"))
	b.DeleteRange(all, kv.PrefixEnd(all))
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.entries)
}

func (s *Store) count(lane string, n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries[lane] = n
}

// counted is the number of journal entries; they are counted in the store once.
func (s *Store) counted(lane string, key []byte) (uint64, error) {
	s.mu.Lock()
	n, known := s.entries[lane]
	s.mu.Unlock()
	if known {
		return n, nil
	}
	journal, err := s.journal(key)
	return uint64(len(journal)), err
}
