package store

import (
	"errors"
	"time"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// batchItems is how many items are added while readers wait.
const batchItems = 512

// writeUntilClosed is the writer: it alone adds rows.
func (s *Store) writeUntilClosed() {
	var spare []*item.Item
	record := make([]byte, 0, 1<<20)
	for {
		taken, flushes, closed := s.queue.take(spare)
		for rest := taken; len(rest) > 0; {
			var n int
			n, record = s.write(rest[:min(len(rest), batchItems)], record)
			rest = rest[n:]
		}
		if len(taken) == 0 && s.old() {
			s.rotate()
		}
		s.heal()
		if len(flushes) > 0 || closed {
			err := s.syncJournals()
			for _, done := range flushes {
				done <- err
			}
		}
		if closed && len(taken) == 0 {
			return
		}
		clear(taken)
		spare = taken
		if len(taken) == 0 {
			<-s.queue.woken
		}
	}
}

// write adds items to the open group and its journal, until the group is full:
// then it is sealed. It returns how many those were, and the record to use
// again.
func (s *Store) write(items []*item.Item, record []byte) (int, []byte) {
	g := s.open // the writer alone replaces it
	record = append(record[:0], make([]byte, recordHeader)...)
	full := func() bool { return g.rows >= s.opts.GroupItems || g.bytes >= s.opts.GroupBytes }
	n := 0
	s.mu.Lock()
	if g.rows == 0 {
		g.made = s.opts.Now()
	}
	for ; n < len(items) && !full(); n++ {
		if i := items[n]; i == nil || i.Body == nil {
			s.lost++
		} else {
			record = g.add(i, record)
		}
	}
	s.mu.Unlock()
	broken := false
	if len(record) > recordHeader {
		if err := g.journal.write(record); err != nil {
			broken = true
			s.trouble("write the journal of the telemetry", err)
		}
	}
	if full() || broken {
		s.rotate()
	}
	if cap(record) > 4<<20 {
		record = nil
	}
	return n, record
}

// old reports whether the open group has waited for long enough.
func (s *Store) old() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open.rows > 0 && s.opts.Now().Sub(s.open.made) >= s.opts.GroupAge
}

// rotate gives the open group to the sealer and begins another. It waits for the
// group before: meanwhile the queue fills, and what it has no room for is
// dropped.
func (s *Store) rotate() {
	for {
		s.mu.Lock()
		busy := s.sealing != nil
		s.mu.Unlock()
		if !busy {
			break
		}
		<-s.sealed
	}
	next := newGroup(s.open.number+1, s.open.first+int64(s.open.rows), s.opts.Now())
	j, err := s.newJournal(next)
	if err != nil { // the group lives in memory until the disk heals
		s.trouble("begin a journal of the telemetry", err)
	}
	next.journal = j
	s.journals.Lock()
	s.mu.Lock()
	s.sealing, s.open = s.open, next
	s.mu.Unlock()
	s.journals.Unlock()
	select {
	case s.full <- struct{}{}:
	default:
	}
}

// heal tries again to have a journal where the disk has refused one.
func (s *Store) heal() {
	if s.open.journal.file != nil {
		return
	}
	s.mu.Lock()
	busy := s.sealing != nil
	s.mu.Unlock()
	if s.open.rows > 0 {
		if !busy {
			s.rotate()
		}
		return
	}
	j, err := s.newJournal(s.open)
	if err != nil {
		s.trouble("begin a journal of the telemetry", err)
		return
	}
	s.journals.Lock()
	s.mu.Lock()
	s.open.journal = j
	s.mu.Unlock()
	s.journals.Unlock()
}

// syncUntil syncs the journals again and again.
func (s *Store) syncUntil(done <-chan struct{}) {
	tick := time.NewTicker(s.opts.SyncInterval)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			err := s.syncJournals()
			if err != nil && !errors.Is(err, errNoJournal) {
				s.trouble("sync the journal of the telemetry", err)
			}
			if err != nil || s.old() {
				s.queue.wake()
			}
		}
	}
}

// syncJournals brings everything that the writer has written to the disk.
func (s *Store) syncJournals() error {
	s.journals.Lock()
	defer s.journals.Unlock()
	s.mu.Lock()
	sealing, open := s.sealing, s.open
	s.mu.Unlock()
	var err error
	if sealing != nil {
		err = sealing.journal.sync()
	}
	if e := open.journal.sync(); err == nil {
		err = e
	}
	return err
}

func (s *Store) closeJournals() {
	s.journals.Lock()
	defer s.journals.Unlock()
	s.mu.Lock()
	sealing, open := s.sealing, s.open
	s.mu.Unlock()
	if sealing != nil {
		sealing.journal.close()
	}
	open.journal.close()
}

// trouble names what the disk refuses, at most once a minute.
func (s *Store) trouble(doing string, err error) {
	now := s.opts.Now()
	s.mu.Lock()
	quiet := now.Sub(s.named) < time.Minute
	if !quiet {
		s.named = now
	}
	s.mu.Unlock()
	if quiet {
		return
	}
	s.opts.Log.Error("the disk refuses telemetry", "doing", doing, "dir", s.opts.Dir, "error", err)
}
