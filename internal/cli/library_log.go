package cli

import (
	"log"
	"log/slog"
)

// libraryLog sends what libraries print through the standard library's own
// logger to ours: net/http has messages for which it takes no other, such as
// that of a custom handler that leaves a request unread and then answers what
// it takes for the next. The function it returns undoes it.
func libraryLog(to *slog.Logger) (undo func()) {
	out, flags := log.Writer(), log.Flags()
	log.SetFlags(0)
	log.SetOutput(slog.NewLogLogger(to.With("component", "library").Handler(), slog.LevelWarn).Writer())
	return func() {
		log.SetOutput(out)
		log.SetFlags(flags)
	}
}
