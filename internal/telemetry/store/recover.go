package store

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// maxJournalFile is more than any journal holds.
const maxJournalFile = 1 << 31

// recover reads what is in the folder. Groups whose journals are left become
// segments, all but the last, which goes on.
func (s *Store) recover() error {
	fs := s.opts.FS
	if err := vfs.MakeDir(fs, s.opts.Dir); err != nil {
		return err
	}
	names, err := fs.List(s.opts.Dir)
	if err != nil {
		return err
	}
	var segments, journals []uint64
	for _, name := range names {
		switch {
		case strings.HasSuffix(name, ".tmp"):
			s.remove(fs.PathJoin(s.opts.Dir, name))
		case numbered(name, segmentSuffix) > 0:
			segments = append(segments, numbered(name, segmentSuffix))
		case numbered(name, journalSuffix) > 0:
			journals = append(journals, numbered(name, journalSuffix))
		}
	}
	slices.Sort(segments)
	slices.Sort(journals)
	last, next := uint64(0), int64(0) // number of the latest group, sequence number behind it
	for _, n := range segments {
		seg, err := openSegment(fs, s.path(n, segmentSuffix))
		if damage := (*vfs.Damage)(nil); errors.As(err, &damage) {
			s.damage(1, 0, damage)
			seg.blocks, seg.count, seg.number, seg.made = nil, 0, n, s.opts.Now()
		} else if err != nil {
			return err
		}
		s.segments = append(s.segments, seg)
		s.salt = max(s.salt, seg.salt)
		last, next = n, max(next, seg.first+seg.count)
	}
	for i, n := range journals {
		path := s.path(n, journalSuffix)
		if slices.Contains(segments, n) {
			s.remove(path)
			continue
		}
		g, err := s.reopen(path, n)
		if err != nil {
			return err
		}
		if g == nil {
			continue
		}
		last, next = max(last, n), max(next, g.first+int64(g.rows))
		if i == len(journals)-1 && n >= last {
			s.open = g
			break
		}
		seg, err := s.seal(g)
		if err != nil {
			return err
		}
		if seg != nil {
			s.segments = append(s.segments, seg)
		}
		g.journal.close()
		s.remove(path)
	}
	slices.SortFunc(s.segments, func(a, b *segment) int { return cmp.Compare(a.number, b.number) })
	for s.salt == 0 {
		s.salt = rand.Uint64()
	}
	if s.open != nil {
		return nil
	}
	s.open = newGroup(last+1, next, s.opts.Now())
	j, err := s.newJournal(s.open)
	s.open.journal = j
	return err
}

// damage counts and names what the disk has lost.
func (s *Store) damage(blocks int, items int64, what error) {
	s.mu.Lock()
	s.damaged.Blocks += blocks
	s.damaged.Items += items
	s.mu.Unlock()
	s.opts.Log.Error("telemetry is damaged and passed over", "items", items, "error", what)
}

// numbered is the number in a file's name, 0 of a name that is not ours.
func numbered(name, suffix string) uint64 {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok {
		return 0
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return 0
	}
	return n
}

// reopen reads a journal and cuts off what a crash has left behind its last
// whole record; nil is a journal that never began.
func (s *Store) reopen(path string, number uint64) (*group, error) {
	b, err := vfs.ReadFile(s.opts.FS, path, maxJournalFile)
	if err != nil {
		return nil, err
	}
	g, salt, good := readJournal(b)
	if g == nil || g.number != number {
		s.damage(1, 0, &vfs.Damage{File: path, Position: 0, Reason: "the file does not begin like a journal of this version", Remedy: "what came in last is lost"})
		s.remove(path)
		return nil, nil //nolint:nilnil // no journal is no group
	}
	s.salt = max(s.salt, salt)
	g.journal = &journal{path: path}
	if good < int64(len(b)) {
		if tail := b[good:]; len(strings.Trim(string(tail), "\x00")) > 0 {
			s.damage(1, 0, &vfs.Damage{File: path, Position: good, Reason: "a record of the journal is not whole", Remedy: "what is behind it is lost, as after any crash"})
		}
		if err := vfs.WriteFile(s.opts.FS, path, b[:good]); err != nil {
			return nil, err
		}
	}
	return g, s.continueJournal(g.journal, good)
}
