package resource

// Mem is a Store in memory, for tests and for a process that keeps nothing.
type Mem struct{ text []byte }

// NewMem returns an empty store.
func NewMem() *Mem { return &Mem{} }

// Load implements Store.
func (m *Mem) Load() ([]byte, error) { return m.text, nil }

// Save implements Store.
func (m *Mem) Save(text []byte) error {
	m.text = text
	return nil
}
