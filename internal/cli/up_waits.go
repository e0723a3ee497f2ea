package cli

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/lazuli-dev/lazuli/internal/app"
	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// How soon a wait is told, and how often after that: a person sees a line that
// lives, a log gets a record at ever longer intervals.
const (
	progressTick  = 250 * time.Millisecond
	firstProgress = time.Second
)

// waits tells what is waited for, and for how long.
type waits struct {
	lines   *logWriter
	log     *slog.Logger
	pending func() []app.Pending
	live    bool                     // a person watches
	told    map[string]time.Duration // what -> how long it had lasted when it was last told
}

// run tells until ctx ends.
func (p *waits) run(ctx context.Context) {
	p.told = map[string]time.Duration{}
	tick := time.NewTicker(progressTick)
	defer tick.Stop()
	defer p.lines.setStatus("")
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			p.tell(now)
		}
	}
}

func (p *waits) tell(now time.Time) {
	var long []app.Pending
	for _, w := range p.pending() {
		if now.Sub(w.Since) >= firstProgress {
			long = append(long, w)
		}
	}
	if p.live {
		p.lines.setStatus(statusLine(long, now))
		return
	}
	last := p.told
	p.told = map[string]time.Duration{}
	for _, w := range long {
		lasted := now.Sub(w.Since)
		if told, ok := last[w.What]; ok && lasted >= told && lasted < 3*told {
			p.told[w.What] = told
			continue
		}
		p.told[w.What] = lasted
		attrs := []any{"so_far", lasted.Round(time.Second)}
		if w.Doing != "" {
			attrs = append(attrs, "doing", w.Doing)
		}
		p.log.Info(w.What, attrs...) //nolint:sloglint // what is waited for is the message
	}
}

// spinner shows that time passes.
var spinner = []string{"⠋", "⠙", "⠸", "⠴", "⠦", "⠇"}

// longestDoing is how much of a step's text is shown.
const longestDoing = 70

// statusLine is what lasts long, as one line of a terminal; "" for nothing.
func statusLine(long []app.Pending, now time.Time) string {
	if len(long) == 0 {
		return ""
	}
	first := long[0]
	line := fmt.Sprintf("%s %s … %s", spinner[int(now.UnixMilli()/progressTick.Milliseconds())%len(spinner)],
		terminal.Clean(first.What), now.Sub(first.Since).Truncate(time.Second))
	if first.Doing != "" {
		line += ": " + terminal.Clean(shorten(first.Doing, longestDoing))
	}
	if len(long) > 1 {
		line += fmt.Sprintf(" (and %d more)", len(long)-1)
	}
	return line
}
