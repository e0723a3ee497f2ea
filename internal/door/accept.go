package door

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/lazuli-dev/lazuli/internal/run"
)

// How long an accept loop waits after an error, for instance until file
// descriptors come free again; each error in a row doubles the wait.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = time.Second
)

// accept gives every connection of l to take, until ctx ends or l is closed.
// take must not block for long. An error of the machine (no file descriptors,
// no memory, a peer that left in the queue) ends nothing: the loop waits and
// goes on, with one line in the log for the outage and one for its end.
func accept(ctx context.Context, l net.Listener, log *slog.Logger, take func(net.Conn)) error {
	wait, failures := run.Backoff{First: firstPause, Longest: lastPause}, 0
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			if failures > 0 {
				log.Info("connections are accepted again", "failures", failures)
			}
			wait.Reset()
			failures = 0
			take(c)
			continue
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		}
		if failures++; failures == 1 {
			log.Warn("a connection could not be accepted; trying again", "error", err)
		}
		if wait.Wait(ctx) != nil {
			return nil
		}
	}
}
