package portal

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

const (
	defaultNames = 50
	maxNames     = 5000 // that a browser ranks by itself
)

// Names is the answer to GET /api/names?q=…&limit=…: names of all lists, best
// first. Without q they come as they are listed; with at most maxNames of them a
// browser needs to ask only once.
type Names struct {
	Names []NameRow `json:"names"`
	Total int       `json:"total"` // that match, in all
}

// NameRow is a thing's name: its list, its id there, and its row's state where
// the row has one.
type NameRow struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	State string `json:"state,omitempty"`

	rank  int
	value any
}

// getNames serves GET /api/names.
func (s *Server) getNames(w http.ResponseWriter, r *http.Request) error {
	limit, err := Number(r, "limit", defaultNames)
	if err != nil {
		return err
	}
	q := strings.ToLower(r.URL.Query().Get("q"))
	var all []NameRow
	for i := range s.cfg.Pages {
		p := &s.cfg.Pages[i]
		if p.Rows == nil {
			continue // a page that is no list
		}
		for _, row := range s.read(p) {
			if rank := rankOf(strings.ToLower(row.ID), q); rank > 0 {
				all = append(all, NameRow{Kind: p.Kind, ID: row.ID, rank: rank, value: row.Value})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b NameRow) int { return a.rank - b.rank })
	out := Names{Names: all[:min(len(all), int(min(limit, maxNames)))], Total: len(all)}
	if out.Names == nil {
		out.Names = []NameRow{}
	}
	for i := range out.Names {
		out.Names[i].State = stateOf(out.Names[i].value)
	}
	WriteJSON(w, http.StatusOK, out)
	return nil
}

// rankOf says how well a name matches what was typed, both in small letters: 1
// is best, 0 not at all. The last part of a path counts as the whole.
func rankOf(name, q string) int {
	last := name[strings.LastIndexByte(name, '/')+1:]
	switch {
	case q == "" || name == q || last == q:
		return 1
	case strings.HasPrefix(last, q) || strings.HasPrefix(name, q):
		return 2
	case strings.Contains(name, q):
		return 3
	case inOrder(name, q):
		return 4
	case strings.Contains(initials(name), q):
		return 3
	}
	return 0
}

// inOrder reports whether the letters of q come in the name in this order.
func inOrder(name, q string) bool {
	for _, c := range q {
		at := strings.IndexRune(name, c)
		if at < 0 {
			return false
		}
		name = name[at+len(string(c)):]
	}
	return true
}

// lead are the first consonants of Hangul syllables, in the order of their code
// points: a syllable is 0xAC00 + (lead*21 + vowel)*28 + tail.
const lead = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"

// initials writes a name with the first consonant of each Hangul syllable, as
// people type to find it.
func initials(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 0xAC00 || r > 0xD7A3 {
			return r
		}
		return []rune(lead)[(r-0xAC00)/(21*28)]
	}, name)
}

// stateOf is the field "state" of a row's value.
func stateOf(v any) string {
	body, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	var row struct {
		State string `json:"state"`
	}
	if json.Unmarshal(body, &row) != nil {
		return "" // its state is no word
	}
	return row.State
}
