package app

import (
	"context"
	"encoding/binary"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// jobStore keeps the checkpoints of one job. Key: job, zero byte, lane, zero
// byte, then nothing for the state, or the number of a journal entry in eight
// bytes. It shares the documents' log, so a checkpoint and the documents that
// it speaks of share a sync.
type jobStore struct {
	db      *kv.DB
	space   kv.Space // checkpoints
	records kv.Space // see jobRecord
	job     string
}

func (s *storage) jobStore(job string) *jobStore {
	return &jobStore{s.kv, s.kv.Space(kv.StreamCheckpoints), s.kv.Space(kv.StreamJournals), job}
}

func (j *jobStore) key(lane string) []byte {
	return j.space.Key([]byte(j.job + "\x00" + lane + "\x00"))
}

func entryKey(state []byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(state[:len(state):len(state)], n)
}

func (j *jobStore) Load(_ context.Context, lane string) ([]byte, [][]byte, error) {
	key := j.key(lane)
	state, found, err := j.db.Get(nil, key)
	if err != nil {
		return nil, nil, err
	}
	if !found {
		state = nil
	}
	journal, err := j.journal(key)
	return state, journal, err
}

// journal reads the entries one number after the other, until one is missing.
func (j *jobStore) journal(key []byte) ([][]byte, error) {
	var all [][]byte
	for {
		entry, found, err := j.db.Get(nil, entryKey(key, uint64(len(all))))
		if err != nil || !found {
			return all, err
		}
		all = append(all, entry)
	}
}

func (j *jobStore) Save(_ context.Context, lane string, state []byte, journal [][]byte) error {
	key := j.key(lane)
	b := j.db.NewBatch(len(state) + 256)
	b.DeleteRange(entryKey(key, 0), kv.PrefixEnd(key))
	b.Set(key, state)
	for i, entry := range journal {
		b.Set(entryKey(key, uint64(i)), entry)
	}
	return b.Commit()
}

func (j *jobStore) Append(_ context.Context, lane string, entry []byte) error {
	key := j.key(lane)
	journal, err := j.journal(key)
	if err != nil {
		return err
	}
	b := j.db.NewBatch(len(entry) + 128)
	b.Set(entryKey(key, uint64(len(journal))), entry)
	return b.Commit()
}
