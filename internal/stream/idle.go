package stream

import (
	"context"
	"encoding/binary"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// idleMark says that the watermark of a partition was moved by the clock, after
// the events before offset and before those from it on, as an event would have
// that arrives at the estimated time. The clock is no input
// that can be read again, so each move is journalled before it is made; a lane
// that goes on from an older snapshot makes the same moves at the same places.
type idleMark struct {
	feed   int // feed.id
	offset int64
	at     int64 // estimated arrival time
}

// idleAfter is how long a partition must have been waited for before the clock
// moves its watermark, and idleEvery how often it does.
//
// overSlack is how much earlier than the estimate an event may still arrive, in
// the order of arrival of TIMESTAMP BY … OVER, which no tolerance covers.
const (
	overSlack = streamsql.TicksPerSecond
	idleAfter = streamsql.TicksPerSecond
	idleEvery = streamsql.TicksPerSecond
)

// advanceIdle moves the watermarks of partitions that send nothing.
func (l *lane) advanceIdle(ctx context.Context) error {
	if l.policy.Unlimited || l.policy.Late == WaitForever && l.over == nil {
		return nil
	}
	now := Ticks(l.now())
	var marks []idleMark
	for _, f := range l.feeds {
		since := f.waiting.Load()
		if f.done || since == 0 || now-since < idleAfter || len(f.ready) > 0 || len(f.journal) > 0 {
			continue
		}
		estimate := now
		if f.last != 0 {
			estimate = f.last + max(now-f.lastWall, 0) // of the clock, also while the process stood
		}
		if estimate-f.idleAt >= idleEvery {
			marks = append(marks, idleMark{f.id, max(f.next, 0), estimate})
		}
	}
	if len(marks) == 0 {
		return nil
	}
	entry := appendMarks(nil, marks)
	if err := l.keepMarks(ctx, entry); err != nil {
		return err
	}
	for _, m := range marks {
		l.feedNumber(m.feed).idle(m.at)
	}
	return l.drain(l.merges)
}

func (l *lane) keepMarks(ctx context.Context, entry []byte) error {
	if l.store == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.store.Append(ctx, l.name, entry); err != nil {
		return fault.Wrap(fault.KindOf(err), "lane "+l.name, err, "the idle journal cannot be written")
	}
	l.journal = append(l.journal, entry)
	return nil
}

func (f *feed) idle(arrival int64) {
	f.idleAt = arrival
	for _, t := range f.lines {
		t.idle(arrival)
	}
}

// takeMarked takes a batch while marks are to be made again.
func (f *feed) takeMarked(b *inBatch) error {
	from := 0
	for i, offset := range b.offsets {
		if len(f.journal) > 0 && f.journal[0].offset <= offset {
			if err := f.place(b, from, i); err != nil {
				return err
			}
			f.applyMarks(offset)
			from = i
		}
	}
	if err := f.place(b, from, len(b.rows)); err != nil {
		return err
	}
	f.next = b.next
	f.applyMarks(f.next)
	return nil
}

// applyMarks makes the moves that belong before the event at offset.
func (f *feed) applyMarks(offset int64) {
	for len(f.journal) > 0 && f.journal[0].offset <= offset {
		f.idle(f.journal[0].at)
		f.journal = f.journal[1:]
	}
}

func appendMarks(b []byte, marks []idleMark) []byte {
	for _, m := range marks {
		b = binary.AppendUvarint(b, uint64(m.feed))
		b = binary.AppendVarint(b, m.offset)
		b = binary.AppendVarint(b, m.at)
	}
	return b
}

func readMarks(b []byte) ([]idleMark, error) {
	r := stateReader{b: b}
	var marks []idleMark
	for len(r.b) > 0 && !r.bad {
		marks = append(marks, idleMark{int(r.uint()), r.int(), r.int()})
	}
	return marks, r.err()
}
