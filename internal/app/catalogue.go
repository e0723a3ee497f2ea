package app

import "github.com/lazuli-dev/lazuli/internal/kv"

// catalogueStore keeps the list of accounts as one value of the store.
type catalogueStore struct {
	db    *kv.DB
	space kv.Space
}

func (s catalogueStore) key() []byte { return s.space.Key([]byte("accounts")) }

// Load implements resource.Store.
func (s catalogueStore) Load() ([]byte, error) {
	text, found, err := s.db.Get(nil, s.key())
	if !found {
		text = nil
	}
	return text, err
}

// Save implements resource.Store.
func (s catalogueStore) Save(text []byte) error {
	b := s.db.NewBatch(len(text) + 64)
	b.Set(s.key(), text)
	return b.Commit()
}
