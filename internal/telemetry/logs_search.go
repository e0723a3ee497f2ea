package telemetry

import (
	"log/slog"
	"slices"
	"time"
)

// LogQuery says which lines are meant. Its zero value means all.
type LogQuery struct {
	Match      func(*Line) bool // nil: every line
	Invocation string           // "": any
	From, To   time.Time        // from From on, before To; zero: no bound
	Pulse      time.Duration    // of Tail
}

func (q *LogQuery) takes(l *Line) bool {
	return (q.Invocation == "" || q.Invocation == l.Invocation) &&
		(q.From.IsZero() || !l.Time.Before(q.From)) && (q.To.IsZero() || l.Time.Before(q.To)) &&
		(q.Match == nil || q.Match(l))
}

// Search returns at most limit lines that are older than the line before (0:
// from the newest on), newest first. next is the before of the page behind, 0
// when there is none.
func (l *Logs) Search(q LogQuery, before uint64, limit int) (lines []Line, next uint64) {
	l.older(before, func(line *Line) bool {
		if !q.takes(line) {
			return true
		}
		if len(lines) == limit {
			next = lines[limit-1].Seq
			return false
		}
		lines = append(lines, *line)
		return true
	})
	return lines, next
}

// Around returns the line and up to n lines before and n behind it, oldest
// first, whatever they say; none when the line gave way.
func (l *Logs) Around(seq uint64, n int) []Line {
	var lines []Line
	found := false
	l.older(seq+uint64(n)+1, func(line *Line) bool {
		if line.Seq+uint64(n) < seq {
			return false
		}
		found = found || line.Seq == seq
		lines = append(lines, *line)
		return true
	})
	if !found {
		return nil
	}
	slices.Reverse(lines)
	return lines
}

// older calls f with the lines before seq, newest first, until it is false.
func (l *Logs) older(seq uint64, f func(*Line) bool) {
	buffer := make([]Line, 0, chunk)
	for {
		lines := l.before(seq, buffer[:0])
		for i := range lines {
			if !f(&lines[i]) {
				return
			}
		}
		if len(lines) < chunk {
			return
		}
		seq = lines[len(lines)-1].Seq
	}
}

// Level names of lines, from the least.
const (
	LevelDebug = "debug"
	LevelInfo  = "info"
	LevelWarn  = "warn"
	LevelError = "error"
)

// LevelName is a level in the words of the log: what lies between two is the
// lower one.
func LevelName(l slog.Level) string {
	switch {
	case l < slog.LevelInfo:
		return LevelDebug
	case l < slog.LevelWarn:
		return LevelInfo
	case l < slog.LevelError:
		return LevelWarn
	}
	return LevelError
}

// LogCounts is how many lines there are: of each level over time, and of each
// source.
type LogCounts struct {
	From    time.Time // of the first step
	Step    time.Duration
	Levels  map[string][]int // by LevelName, a count for each step
	Sources map[string]int
	Lines   int
}

// Count counts lines in so many steps between q.From and q.To. A zero bound is
// that of the lines there are.
func (l *Logs) Count(q LogQuery, steps int) LogCounts {
	c := LogCounts{Levels: map[string][]int{}, Sources: map[string]int{}}
	type mark struct {
		at    time.Time
		level string
	}
	var marks []mark
	l.older(0, func(line *Line) bool {
		if q.takes(line) {
			marks = append(marks, mark{line.Time, LevelName(line.Level)})
			c.Sources[line.Source]++
		}
		return true
	})
	c.Lines = len(marks)
	from, to := q.From, q.To
	if n := len(marks); n > 0 && from.IsZero() {
		from = marks[n-1].at
	}
	if len(marks) > 0 && to.IsZero() {
		to = marks[0].at.Add(time.Millisecond)
	}
	c.From, c.Step = from, max(to.Sub(from)/time.Duration(steps), time.Millisecond)
	for _, m := range marks {
		if c.Levels[m.level] == nil {
			c.Levels[m.level] = make([]int, steps)
		}
		c.Levels[m.level][min(max(int(m.at.Sub(from)/c.Step), 0), steps-1)]++
	}
	return c
}
