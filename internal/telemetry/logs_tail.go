package telemetry

import (
	"context"
	"time"
)

// What a tail carries: at most tailLines each tailPause, which is 500 a second.
const (
	tailPause = 200 * time.Millisecond
	tailLines = 100
)

// Tail calls f with new lines behind the line after, oldest first, until ctx
// ends or f fails. Where more come than a reader can follow, the oldest of them
// are left out; left says how many, and how many gave way before they were read.
// Where q.Pulse is set, f is called that often also when nothing came.
func (l *Logs) Tail(ctx context.Context, q LogQuery, after uint64, f func(lines []Line, left int) error) error {
	wake, done := l.watch()
	defer done()
	buffer := make([]Line, 0, chunk)
	pause := time.NewTimer(0)
	defer pause.Stop()
	var pulse <-chan time.Time
	if q.Pulse > 0 {
		ticks := time.NewTicker(q.Pulse)
		defer ticks.Stop()
		pulse = ticks.C
	}
	for beat := false; ; {
		lines, left, newest := l.fresh(q, after, buffer)
		after = newest
		if len(lines) > 0 || left > 0 || beat {
			if err := f(lines, left); err != nil {
				return err
			}
		}
		pause.Reset(tailPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		beat = false
		select {
		case <-wake:
		case <-pulse:
			beat = true
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// fresh returns the newest lines behind after that q takes, at most tailLines,
// and the number of the last line that was looked at.
func (l *Logs) fresh(q LogQuery, after uint64, buffer []Line) (lines []Line, left int, newest uint64) {
	for {
		got, lost := l.after(after, buffer[:0])
		left += int(lost)
		for i := range got {
			after = got[i].Seq
			if !q.takes(&got[i]) {
				continue
			}
			if len(lines) == tailLines {
				lines = append(lines[:0], lines[1:]...)
				left++
			}
			lines = append(lines, got[i])
		}
		if len(got) < chunk {
			return lines, left, after
		}
	}
}
