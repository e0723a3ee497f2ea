package trigger

import "sync"

// mostSpared is of how many messages it is remembered that attempts did not count; beyond
// that of those whose last was the longest ago it is forgotten. While a breaker is open
// messages are probed one at a time, so that this many take hours.
const mostSpared = 10_000

// Spared remembers the attempts of messages that do not count, message by message. The
// zero value is ready; it outlives the pumps of one trigger, but not the process. It is
// safe for concurrent use.
type Spared struct {
	mu    sync.Mutex
	turn  uint64 // how many attempts were noted
	notes map[string]spared
}

type spared struct {
	attempts int
	last     uint64 // turn of the last
}

// add notes one more attempt of a message.
func (s *Spared) add(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.notes == nil {
		s.notes = map[string]spared{}
	}
	if _, known := s.notes[id]; !known && len(s.notes) >= mostSpared {
		s.forgetOldest()
	}
	s.turn++
	s.notes[id] = spared{s.notes[id].attempts + 1, s.turn}
}

// forgetOldest makes room. mu is held.
func (s *Spared) forgetOldest() {
	oldest, turn := "", s.turn+1
	for id, n := range s.notes {
		if n.last < turn {
			oldest, turn = id, n.last
		}
	}
	delete(s.notes, oldest)
}

// of is how many attempts of a message do not count.
func (s *Spared) of(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.notes[id].attempts
}

// forget ends what is known of a message that is settled for good.
func (s *Spared) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.notes, id)
}
