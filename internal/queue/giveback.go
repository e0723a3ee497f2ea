package queue

import "github.com/lazuli-dev/lazuli/internal/kv"

// worthwhile is how many bytes of texts must be deleted at once, so that their space
// on the disk is given back at once; less comes back as the store goes on.
const worthwhile = 16 << 20

// bytes is the size of all texts. The lock is held.
func (q *Queue) bytes() (n int64) {
	for _, m := range q.byID {
		n += int64(m.size)
	}
	return n
}

// giveBack gives the disk space of deleted texts back, in the background. The caller
// has entered.
func (s *Store) giveBack(bytes int64, texts []byte) {
	if bytes < worthwhile {
		return
	}
	s.use.GiveBack(s.log, "deleted messages", kv.RangesOf(texts))
}

// giveBack does so for a queue that was cleared, for who has not entered.
func (q *Queue) giveBack(bytes int64) {
	if q.store.use.Enter() != nil {
		return // it is closed: the messages are gone all the same
	}
	defer q.store.use.Leave()
	q.store.giveBack(bytes, key(textKind, q.account, q.id))
}
