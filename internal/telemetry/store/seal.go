package store

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// sealUntil is the sealer: it makes segments of full groups, and drops what is
// too old or too much. When done closes, a group that is still to be sealed has
// a journal, and is sealed by the next Open.
func (s *Store) sealUntil(done <-chan struct{}) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-s.full:
			for !s.sealNow() {
				if s.queue.isClosed() {
					s.leave()
					break
				}
				select {
				case <-done:
					return
				case <-s.queue.shut:
				case <-time.After(s.opts.SyncInterval):
				}
			}
			s.expire()
		case <-tick.C:
			s.expire()
		}
	}
}

// sealNow makes a segment of the group that is to be sealed, and reports whether
// the disk took it.
func (s *Store) sealNow() bool {
	s.mu.Lock()
	g := s.sealing
	s.mu.Unlock()
	if g == nil {
		return true
	}
	seg, err := s.seal(g)
	if err != nil {
		s.trouble("write a segment of the telemetry", err)
		return false
	}
	s.mu.Lock()
	if seg != nil {
		s.segments = append(s.segments, seg)
	}
	s.sealing = nil
	s.mu.Unlock()
	s.journals.Lock()
	had := g.journal.file != nil
	g.journal.close()
	s.journals.Unlock()
	if had {
		s.remove(g.journal.path)
	}
	s.wakeWriter()
	return true
}

// leave gives up the group that cannot be sealed, because the store closes: its
// journal is sealed by the next Open.
func (s *Store) leave() {
	s.journals.Lock()
	s.mu.Lock()
	g := s.sealing
	s.sealing = nil
	if g.journal.file == nil {
		s.lost += int64(g.rows)
	}
	s.mu.Unlock()
	g.journal.close()
	s.journals.Unlock()
	s.wakeWriter()
}

func (s *Store) wakeWriter() {
	select {
	case s.sealed <- struct{}{}:
	default:
	}
}

// seal writes a group's segment; nil of a group without rows.
func (s *Store) seal(g *group) (*segment, error) {
	if g.rows == 0 {
		return nil, nil //nolint:nilnil // nothing is no segment
	}
	content, err := encodeSegment(g, s.salt)
	if err != nil {
		return nil, err
	}
	path := s.path(g.number, segmentSuffix)
	if err := vfs.WriteFile(s.opts.FS, path, content); err != nil {
		return nil, err
	}
	return openSegment(s.opts.FS, path)
}

// expire drops the oldest segments while they are too old or all of them too
// much.
func (s *Store) expire() {
	before := s.opts.Now().Add(-s.opts.MaxAge)
	for {
		s.mu.Lock()
		total := s.open.journal.end()
		for _, seg := range s.segments {
			total += seg.size
		}
		var oldest *segment
		if len(s.segments) > 0 && (total > s.opts.MaxBytes || s.segments[0].made.Before(before)) {
			oldest = s.segments[0]
			s.segments = s.segments[1:]
			s.expired += oldest.rows()
			oldest.gone = true
		}
		unused := oldest != nil && oldest.readers == 0
		s.mu.Unlock()
		if oldest == nil {
			return
		}
		if unused {
			s.remove(oldest.path)
		}
	}
}

// remove deletes a file that is not needed. One that stays is found by the next
// Open.
func (s *Store) remove(path string) {
	if err := s.opts.FS.Remove(path); err != nil {
		s.opts.Log.Warn("could not delete a file of the telemetry", "file", path, "error", err)
	}
}
