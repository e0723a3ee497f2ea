package dashboard

import (
	"context"
	"slices"
	"time"
)

// How changes of files are seen.
const (
	lookEvery = 250 * time.Millisecond
	settled   = 300 * time.Millisecond // a file that still changes is being written
	patience  = 2 * time.Second        // one that is no JSON may be, too
)

// watch loads what changes in the folder, until ctx ends. A file that is being
// written is waited for.
func (s *Set) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	loaded := s.folder.marks()
	s.Reload() // what changed since New
	seen, since := loaded, time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := s.folder.marks()
		if !same(now, seen) {
			seen, since = now, time.Now()
		}
		if same(seen, loaded) || time.Since(since) < settled {
			continue
		}
		files := s.folder.Read()
		if time.Since(since) < patience && slices.ContainsFunc(files, s.torn) {
			continue
		}
		loaded = seen
		s.load(files)
	}
}

// torn reports a file that is no JSON and was some before: perhaps half of it is
// written.
func (s *Set) torn(f File) bool {
	if _, wrong := readTree(f.Text); wrong == nil || f.Err != nil {
		return false
	}
	return !slices.ContainsFunc(s.Boards(), func(b *Board) bool { return b.File == f.Name && b.ETag == f.ETag })
}

func same(a, b map[string]mark) bool {
	if len(a) != len(b) {
		return false
	}
	for name, m := range a {
		if have, ok := b[name]; !ok || have != m {
			return false
		}
	}
	return true
}

// Reload reads the folder now.
func (s *Set) Reload() {
	if s.folder != nil {
		s.load(s.folder.Read())
	}
}

// load is Load, unless all is as it was; new problems are logged.
func (s *Set) load(files []File) {
	before := map[string]bool{}
	boards := s.Boards()
	same := len(boards) == len(files)
	for i, b := range boards {
		for _, p := range b.Problems {
			before[p.String()] = true
		}
		same = same && b.File == files[i].Name && b.ETag == files[i].ETag && files[i].Err == nil
	}
	if same {
		return
	}
	s.Load(files)
	s.logProblems(before)
}

// logProblems logs those that were not there before.
func (s *Set) logProblems(before map[string]bool) {
	for _, b := range s.Boards() {
		for _, p := range b.Problems {
			if !before[p.String()] {
				s.opts.Log.Warn("a dashboard has a mistake", "dashboard", b.Name, "problem", p.String())
			}
		}
	}
}
