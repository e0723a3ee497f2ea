package app

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// stale tells of files that are read at the start only and have changed since:
// the project file, and the settings of function apps that do not take changes over
// while they run. It looks at them by size
// and time, and reads one that differs in those.
type stale struct {
	log   *slog.Logger
	files []*startFile
}

// startFile is a file as it was at the start.
type startFile struct {
	path string
	to   string // the page that is concerned
	then content
	now  content
}

// content is what a file holds; of one that is not there, nothing.
type content struct {
	size int64
	time time.Time
	sum  [sha256.Size]byte
}

func newStale(cfg *config.Config, log *slog.Logger) *stale {
	s := &stale{log: log}
	s.add(filepath.Join(cfg.Dir, config.FileName), "/settings")
	for _, name := range slices.Sorted(maps.Keys(cfg.Functions.Apps)) {
		if cfg.CodeWatched() && cfg.Functions.Apps[name].Binary == "" {
			continue // it takes them over itself, or says why not
		}
		for _, file := range []string{"host.json", settings.LocalFile} {
			s.add(filepath.Join(cfg.AppDir(cfg.Functions.Apps[name]), file), "/functions/"+name)
		}
	}
	return s
}

func (s *stale) add(path, to string) {
	f := &startFile{path: path, to: to}
	f.then = f.read(content{})
	f.now = f.then
	s.files = append(s.files, f)
}

// read looks at the file; before is what it held when it was looked at last.
func (f *startFile) read(before content) content {
	info, err := os.Stat(f.path)
	if err != nil || !info.Mode().IsRegular() {
		return content{}
	}
	if info.Size() == before.size && info.ModTime().Equal(before.time) {
		return before
	}
	text, err := os.ReadFile(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return before // it cannot be read now: an editor has it
	}
	return content{info.Size(), info.ModTime(), sha256.Sum256(text)}
}

// report tells of the files that have other content than at the start, and logs
// each change once.
func (s *stale) report(report func(portal.Trouble)) {
	for _, f := range s.files {
		before := f.now
		f.now = f.read(before)
		if f.now.sum == f.then.sum {
			continue
		}
		if f.now.sum != before.sum {
			s.log.Warn("the file changed and is read at the start only: restart lazuli to apply it", "file", f.path)
		}
		report(portal.Trouble{
			Kind: "restart-needed", Subject: f.path, To: f.to, State: "warn",
			Detail: "it changed and is read at the start only: restart lazuli to apply it (Ctrl-C where it runs, then lazuli up)",
		})
	}
}
