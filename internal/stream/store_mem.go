package stream

import (
	"context"
	"slices"
	"sync"
)

// MemStore keeps checkpoints in memory, for tests and for runs that end.
type MemStore struct {
	mu    sync.Mutex
	lanes map[string]memLane // guarded by mu
}

type memLane struct {
	state   []byte
	journal [][]byte
}

// Load implements Store.
func (m *MemStore) Load(_ context.Context, lane string) ([]byte, [][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.lanes[lane]
	return l.state, slices.Clone(l.journal), nil
}

// Save implements Store.
func (m *MemStore) Save(_ context.Context, lane string, state []byte, journal [][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lanes == nil {
		m.lanes = make(map[string]memLane)
	}
	m.lanes[lane] = memLane{state, slices.Clone(journal)}
	return nil
}

// Append implements Store.
func (m *MemStore) Append(_ context.Context, lane string, entry []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lanes == nil {
		m.lanes = make(map[string]memLane)
	}
	l := m.lanes[lane]
	l.journal = append(slices.Clone(l.journal), entry)
	m.lanes[lane] = l
	return nil
}
