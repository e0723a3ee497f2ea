package kv

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
)

// pebbleLogger sends Pebble's own log to ours, at debug: it reports on every
// flush and compaction.
type pebbleLogger struct {
	log    *slog.Logger
	health *health
}

// Infof implements pebble.Logger.
func (l pebbleLogger) Infof(format string, args ...any) {
	l.log.Debug("store", "event", fmt.Sprintf(format, args...))
}

// Errorf implements pebble.Logger.
func (l pebbleLogger) Errorf(format string, args ...any) {
	l.log.Warn("store", "event", fmt.Sprintf(format, args...))
}

// Fatalf implements pebble.Logger, whose contract is not to return. On a commit
// the panic is caught by guard. When the list of files cannot be written, which
// happens in the background, the goroutine ends, giving back what it holds:
// writing is over, reading goes on. Anything else is a broken invariant.
func (l pebbleLogger) Fatalf(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	if strings.HasPrefix(reason, "MANIFEST") {
		l.health.fail(errors.New(reason))
		runtime.Goexit()
	}
	panic("store cannot go on: " + reason)
}
