package arm

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// What a record's resource is in the middle of; "" is nothing.
const (
	creating = "creating"
	changing = "changing"
	deleting = "deleting"
)

// record is what the store keeps of a resource.
//
//	r LOWER-CASE-ID  record, as JSON
//	o GUID           operation, as JSON
//	a TIME           event, as JSON; the time is 8 bytes, nanoseconds
type record struct {
	ID      string    `json:"id"` // with the casing of the PUT
	Body    Body      `json:"body"`
	ETag    string    `json:"etag"`
	Created time.Time `json:"created"`
	Changed time.Time `json:"changed"`
	Doing   string    `json:"doing,omitempty"` // creating, changing, deleting: with Body as it is to be
	Was     Body      `json:"was,omitempty"`   // while changing: the body before, with what its type made once
}

// settled is the body that holds until the type has made the change that is under way.
func (r record) settled() Body {
	if r.Doing == changing && r.Was != nil {
		return r.Was
	}
	return r.Body
}

// store keeps records.
type store struct {
	db    *kv.DB
	space kv.Space
}

func (s store) key(kind byte, rest string) []byte {
	return s.space.Key(append([]byte{kind}, rest...))
}

func (s store) load(id ID) (record, bool, error) {
	text, found, err := s.db.Get(nil, s.key('r', id.Key()))
	if err != nil || !found {
		return record{}, false, err
	}
	r, err := readRecord(text)
	return r, err == nil, err
}

func readRecord(text []byte) (r record, err error) {
	var raw struct {
		record
		Body json.RawMessage `json:"body"`
		Was  json.RawMessage `json:"was"`
	}
	if err = json.Unmarshal(text, &raw); err == nil {
		raw.record.Body, err = ParseBody(raw.Body)
	}
	if err == nil && raw.Was != nil {
		raw.record.Was, err = ParseBody(raw.Was)
	}
	if err != nil {
		return r, fmt.Errorf("a stored resource cannot be read: %w", err)
	}
	return raw.record, nil
}

func (s store) save(id ID, r record, more ...func(*kv.Batch)) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	b := s.db.NewBatch(len(text) + 256)
	b.Set(s.key('r', id.Key()), text)
	for _, add := range more {
		add(b)
	}
	return b.Commit()
}

// drop forgets a resource and everything below it, its extensions too.
func (s store) drop(id ID, more ...func(*kv.Batch)) error {
	b := s.db.NewBatch(256)
	b.Delete(s.key('r', id.Key()))
	low := s.key('r', id.Key()+"/")
	b.DeleteRange(low, kv.PrefixEnd(low))
	for _, add := range more {
		add(b)
	}
	return b.Commit()
}

// below calls use with every record whose id is below a scope, in the order of ids.
func (s store) below(scope string, use func(ID, record) error) error {
	return kv.Each(s.db, s.key('r', strings.ToLower(scope)+"/"), func(_, value []byte) error {
		r, err := readRecord(value)
		if err != nil {
			return err
		}
		id, err := ParseID(r.ID)
		if err != nil {
			return err
		}
		return use(id, r)
	})
}

// newTag is an ETag that no other version has.
func newTag() string {
	b := make([]byte, 8)
	rand.Read(b)
	return `W/"` + hex.EncodeToString(b) + `"`
}

func timeKey(t time.Time, n uint32) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(t.UnixNano())) //nolint:gosec // after 1970
	return string(binary.BigEndian.AppendUint32(b, n))
}
