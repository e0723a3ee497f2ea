package stream

import (
	"context"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// position sets a lane to its start.
func (j *Job) position(ctx context.Context, l *lane) error {
	o := &j.opts
	if o.Start != StartLast || o.Store == nil {
		mode := o.Start
		if mode == StartLast {
			mode = o.First
		}
		j.begin(l, mode)
		return nil
	}
	state, journal, err := o.Store.Load(ctx, l.name)
	if err != nil {
		return fault.Wrap(fault.KindOf(err), "job "+o.Name, err, "the checkpoint cannot be read")
	}
	if state != nil {
		if err := l.restore(state); err != nil {
			return fmt.Errorf("job %s: %w", o.Name, err)
		}
		j.rewind(l)
	} else {
		j.begin(l, o.First)
	}
	return l.replay(journal)
}

// begin starts a lane without a checkpoint. StartLast is StartNow here: there
// is nothing to go on from.
func (j *Job) begin(l *lane, mode StartMode) {
	switch mode {
	case StartNow, StartLast:
		l.env.firstOutput = Ticks(j.opts.Now())
	case StartAt:
		l.env.firstOutput = Ticks(j.opts.StartTime)
	case StartAll:
	}
	j.rewind(l)
}

// rewind has the partitions of which nothing was taken yet read from as far
// before the first output as the query reaches, and as events may be early.
func (j *Job) rewind(l *lane) {
	at := AtArrival(StartOfInput)
	if first := l.env.firstOutput; first != minTime {
		at = AtArrival(first - j.back - ticksOf(EarlyLimit))
	}
	for _, f := range l.feeds {
		if f.next < 0 {
			f.start = at
		}
	}
}
