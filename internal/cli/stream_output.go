package cli

import (
	"io"
	"os"
	"sync"
)

// lockedWriter lets several outputs share a writer, a write at a time.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// lateFile is a file that is made when the first row comes, or, empty, when it
// is closed, so that a run always leaves its output files.
type lateFile struct {
	path string
	f    *os.File
}

func (l *lateFile) open() (err error) {
	if l.f == nil {
		l.f, err = os.Create(l.path)
	}
	return err
}

// Write implements io.Writer.
func (l *lateFile) Write(b []byte) (int, error) {
	if err := l.open(); err != nil {
		return 0, err
	}
	return l.f.Write(b)
}

// Close implements io.Closer.
func (l *lateFile) Close() error {
	if err := l.open(); err != nil {
		return err
	}
	return l.f.Close()
}
