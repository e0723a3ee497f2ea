package arm

import (
	"encoding/json"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Operation is a change that somebody waits for. Here they all have ended when they
// are told of; a record stays for a day, restarts included, because a client that
// finds none asks for ever.
type Operation struct {
	ID     string    `json:"name"`
	Status string    `json:"status"` // Succeeded, Failed
	Start  time.Time `json:"startTime"`
	End    time.Time `json:"endTime"`
	Error  *Problem  `json:"error,omitempty"`
}

// Problem is why one failed.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// operationLife is how long an operation is known.
const operationLife = 24 * time.Hour

// operation puts the record of one that has ended into a batch.
func (m *Manager) operation(id string, err error) func(*kv.Batch) {
	now := time.Now().UTC()
	o := Operation{ID: id, Status: "Succeeded", Start: now, End: now}
	if err != nil {
		f := FailureOf(err)
		o.Status, o.Error = "Failed", &Problem{f.Code, f.Message}
	}
	text, merr := json.Marshal(o)
	if merr != nil {
		panic(merr) // texts and times always marshal
	}
	return func(b *kv.Batch) { b.Set(m.store.key('o', id), text) }
}

// NewFailure keeps a failure for a client that waits for it.
func (m *Manager) NewFailure(id string, err error) error { return m.batchOf(m.operation(id, err)) }

// Operation finds one.
func (m *Manager) Operation(id string) (o Operation, found bool, err error) {
	text, found, err := m.store.db.Get(nil, m.store.key('o', id))
	if err != nil || !found {
		return o, false, err
	}
	return o, true, json.Unmarshal(text, &o)
}

// forgetOperations drops those that nobody asks for any more.
func (m *Manager) forgetOperations(now time.Time) error {
	b := m.store.db.NewBatch(256)
	err := kv.Each(m.store.db, m.store.key('o', ""), func(key, value []byte) error {
		var o Operation
		if json.Unmarshal(value, &o) != nil || now.Sub(o.End) > operationLife {
			b.Delete(key)
		}
		return nil
	})
	if err != nil || b.Count() == 0 {
		b.Discard()
		return err
	}
	return b.Commit()
}
