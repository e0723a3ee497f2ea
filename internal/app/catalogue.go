package app

import "github.com/lazuli-dev/lazuli/internal/kv"

// textStore keeps one text as one value of the key-value store: the list of
// accounts, and that of identities.
type textStore struct {
	db    *kv.DB
	space kv.Space
	key   string
}

// Load implements resource.Store and identity.Store.
func (s textStore) Load() ([]byte, error) {
	text, found, err := s.db.Get(nil, s.space.Key([]byte(s.key)))
	if !found {
		text = nil
	}
	return text, err
}

// Save implements resource.Store and identity.Store.
func (s textStore) Save(text []byte) error {
	b := s.db.NewBatch(len(text) + 64)
	b.Set(s.space.Key([]byte(s.key)), text)
	return b.Commit()
}
