package stream

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// ClockBehind is how far an event that is late must lie before its arrival to
// be taken for one of a wrong clock.
const ClockBehind = 30 * time.Minute

const (
	clockEvery  = 5 * time.Minute  // between two log lines of an input
	clockRecent = 10 * time.Minute // how long a warning is shown
	exampleSize = 120
)

// ClockWarning says that events of an input lie hours away from their arrival:
// mostly devices that send local time as if it were UTC. Events too far ahead
// are dropped, those behind get another time, so results are wrong until the
// senders are mended.
type ClockWarning struct {
	Input   string
	Ahead   bool          // else behind
	Events  int64         // since the start
	Offset  time.Duration // of the last event: its time less its arrival
	Example string        // partition key of the last event, or the head of its body
	At      time.Time     // when it was seen
	Dropped bool          // else the events got another time
}

// Zone is the offset from UTC in which the events seem to be written, as in
// +09:00, if the distance is one that time zones have; else "".
func (w ClockWarning) Zone() string {
	const quarter = 15 * time.Minute
	near := w.Offset.Round(quarter)
	if (w.Offset-near).Abs() > 6*time.Minute || near.Abs() < 30*time.Minute || near > 14*time.Hour || near < -12*time.Hour {
		return ""
	}
	sign := '+'
	if near < 0 {
		sign = '-'
	}
	return fmt.Sprintf("%c%02d:%02d", sign, int(near.Abs().Hours()), int(near.Abs().Minutes())%60)
}

// Advice says what to do.
func (w ClockWarning) Advice() string {
	switch zone := w.Zone(); {
	case zone != "":
		return fmt.Sprintf("the sender seems to write local time (UTC%s) without saying so: send UTC, as in 2026-01-31T00:00:00Z, or the offset, as in 2026-01-31T00:00:00%s", zone, zone)
	case w.Ahead:
		return "the sender's clock is wrong: set it by NTP, and send UTC, as in 2026-01-31T00:00:00Z"
	}
	return "the sender's clock is wrong, or it sends what it has stored for long: set the clock, or raise the job's late tolerance so that old events keep their time"
}

// String is one sentence with everything.
func (w ClockWarning) String() string {
	side, fate := "before", "got a later time"
	if w.Ahead {
		side = "after"
	}
	if w.Dropped {
		fate = "was dropped"
	}
	subject := "1 event of input " + w.Input + " lies"
	if w.Events != 1 {
		fate = strings.Replace(fate, "was", "were", 1)
		subject = fmt.Sprintf("%d events of input %s lie", w.Events, w.Input)
	}
	distance := fmt.Sprintf("%.1f hours", w.Offset.Abs().Hours())
	if w.Offset.Abs() < 2*time.Hour {
		distance = fmt.Sprintf("%.0f minutes", w.Offset.Abs().Minutes())
	}
	return fmt.Sprintf("%s about %s %s their arrival (the last: %s), and %s; %s", subject, distance, side, w.Example, fate, w.Advice())
}

// Warnings returns what was seen of wrong clocks in the last ten minutes, by
// input.
func (j *Job) Warnings() []ClockWarning {
	var all []ClockWarning
	for _, in := range j.opts.Program.Inputs {
		all = append(all, j.clocks[in.Name].recent()...)
	}
	return all
}

// clocks watches the senders' clocks of one input.
type clocks struct {
	job, input string
	now        func() time.Time
	log        *slog.Logger

	mu   sync.Mutex
	seen [2]struct { // guarded by mu: behind, ahead
		ClockWarning
		logged time.Time
	}
}

// check looks at the distance of an event's time to its arrival, in ticks.
func (c *clocks) check(p TimePolicy, distance int64, b *inBatch, i int) {
	switch {
	case distance > ticksOf(EarlyLimit):
		c.note(distance, true, b, i)
	case distance < -ticksOf(ClockBehind) && p.Late >= 0 && -distance > ticksOf(p.Late):
		c.note(distance, p.Drop, b, i)
	}
}

func (c *clocks) note(distance int64, dropped bool, b *inBatch, i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &c.seen[0]
	if distance > 0 {
		w = &c.seen[1]
	}
	now := c.now()
	if w.Events++; w.Example == "" || now.Sub(w.At) > time.Second {
		w.Example = b.example(i)
	}
	w.Input, w.Ahead, w.Dropped = c.input, distance > 0, dropped
	w.Offset, w.At = durationOf(distance), now
	if now.Sub(w.logged) < clockEvery {
		return
	}
	w.logged = now
	c.log.Warn("event times are hours away from the events' arrival", "job", c.job, "input", c.input, "example", w.Example,
		"offset_hours", fmt.Sprintf("%+.1f", w.Offset.Hours()), "events", w.Events, "dropped", dropped, "advice", w.Advice())
}

func (c *clocks) recent() []ClockWarning {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []ClockWarning
	for i := range c.seen {
		if w := &c.seen[i]; w.Events > 0 && c.now().Sub(w.At) < clockRecent {
			all = append(all, w.ClockWarning)
		}
	}
	return all
}

// durationOf converts ticks, as far as a Duration reaches.
func durationOf(ticks int64) time.Duration {
	const most = int64(1<<63-1) / 100
	return time.Duration(min(max(ticks, -most), most)) * 100
}

// example names the sender of row i: its partition key, or the head of its body.
func (b *inBatch) example(i int) string {
	at, found := slices.BinarySearchFunc(b.batch.Events, b.offsets[i], func(e Event, offset int64) int {
		return int(min(max(e.Offset-offset, -1), 1))
	})
	if !found {
		return ""
	}
	e := &b.batch.Events[at]
	if e.PartitionKey != "" {
		return strings.Clone(e.PartitionKey)
	}
	return strings.ToValidUTF8(string(e.Body[:min(len(e.Body), exampleSize)]), "")
}
