package kv

import (
	"fmt"
	"log/slog"
)

// pebbleLogger sends Pebble's own log to ours, at debug: it reports on every
// flush and compaction.
type pebbleLogger struct{ log *slog.Logger }

// Infof implements pebble.Logger.
func (l pebbleLogger) Infof(format string, args ...any) {
	l.log.Debug("store", "event", fmt.Sprintf(format, args...))
}

// Errorf implements pebble.Logger.
func (l pebbleLogger) Errorf(format string, args ...any) {
	l.log.Warn("store", "event", fmt.Sprintf(format, args...))
}

// Fatalf implements pebble.Logger, whose contract is not to return. On a
// commit the panic is caught by guard; elsewhere (the list of files cannot be
// written) it ends the process, and the next start recovers from the log.
func (l pebbleLogger) Fatalf(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	l.log.Error("store cannot go on", "error", reason)
	panic("store cannot go on: " + reason)
}
