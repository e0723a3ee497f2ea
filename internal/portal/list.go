package portal

import (
	"bytes"
	"encoding/json"
)

// list is a list as it was read last. Its messages say what changed since the
// message before, or all of it to whom that is not enough:
//
//	{"rev":812,"set":[{"id":"orders","in":101}],"del":["old"]}
//	{"rev":813,"all":true,"set":[…],"del":[]}
type list struct {
	rev  uint64
	ids  []string
	rows map[string]json.RawMessage
}

// delta is a message of a list's topic. The fields of a row are as the page
// that owns the list says.
type delta struct {
	Rev uint64            `json:"rev"`           // counts messages, from 1
	All bool              `json:"all,omitempty"` // it holds every row, not only those that changed
	Set []json.RawMessage `json:"set"`
	Del []string          `json:"del"` // ids
}

// update takes what was read now. It returns the message with what changed,
// nil when nothing did.
func (l *list) update(rows []Row) ([]byte, error) {
	d := delta{Rev: l.rev + 1, Set: []json.RawMessage{}, Del: []string{}}
	have := make(map[string]json.RawMessage, len(rows))
	ids := make([]string, 0, len(rows))
	for _, row := range rows {
		body, err := json.Marshal(row.Value)
		if err != nil {
			return nil, err
		}
		if _, twice := have[row.ID]; twice {
			continue
		}
		have[row.ID] = body
		ids = append(ids, row.ID)
		if old, ok := l.rows[row.ID]; !ok || !bytes.Equal(old, body) {
			d.Set = append(d.Set, body)
		}
	}
	for _, id := range l.ids {
		if _, ok := have[id]; !ok {
			d.Del = append(d.Del, id)
		}
	}
	if l.rev > 0 && len(d.Set) == 0 && len(d.Del) == 0 {
		return nil, nil
	}
	l.rev, l.ids, l.rows = d.Rev, ids, have
	return json.Marshal(d)
}

// whole returns how to make the message for somebody who has nothing yet, or
// missed something: of how the list is now, also when that is later.
func (l *list) whole() func() []byte {
	rev, ids, rows := l.rev, l.ids, l.rows
	return func() []byte {
		d := delta{Rev: rev, All: true, Set: make([]json.RawMessage, len(ids)), Del: []string{}}
		for i, id := range ids {
			d.Set[i] = rows[id]
		}
		body, err := json.Marshal(d)
		if err != nil {
			return []byte("null") // every row is JSON already, so this cannot be
		}
		return body
	}
}
