package language

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/run"
)

// Bounds of a program that makes something ready.
const (
	stopGrace = 3 * time.Second // for ending by itself
	maxSaid   = 256 << 10       // of what it prints is kept
)

// Run runs a program to its end in the app's folder and returns what it printed,
// also when it failed. line is given each line, for progress.
func (a App) Run(ctx context.Context, path string, args []string, line func(string)) (said string, err error) {
	var mu sync.Mutex // guards kept: two streams are read
	var kept strings.Builder
	p, err := run.Start(run.Program{Path: path, Args: args, Dir: a.Dir, Env: a.Env}, func(l run.Line) {
		mu.Lock()
		defer mu.Unlock()
		if kept.Len() < maxSaid {
			kept.WriteString(l.Text + "\n")
		}
		line(strings.TrimSpace(l.Text))
	})
	if err != nil {
		return "", err
	}
	select {
	case <-p.Exited():
	case <-ctx.Done():
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		p.Stop(stop)
		return "", ctx.Err()
	}
	mu.Lock()
	defer mu.Unlock()
	return kept.String(), p.Exit().Err
}
