package stream

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// A snapshot holds, in this order:
//
//	version · fingerprint of the query · number of the next row of each output
//	· first output time · for each partition: offset, arrival, by the
//	clock too, timelines with
//	the rows that wait · for each Source node: its watermark · the state of
//	each operator, in plan order
//
// It has no field names: it can only be read by the query that wrote it, which
// the fingerprint makes sure of.
const snapshotVersion = 2

// fingerprint identifies everything that the meaning of a snapshot depends on.
func fingerprint(p *streamsql.Program, policy TimePolicy, functions string) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%d\n%+v\n%d\n%s\n%s", snapshotVersion, policy, len(functions), functions, p.Text)
	return h.Sum(nil)
}

// periodic starts a checkpoint, unless the last one still waits for an output.
func (l *lane) periodic(ctx context.Context) error {
	if l.saving != nil {
		select {
		case err := <-l.saving:
			l.saving = nil
			if err != nil {
				return err
			}
		default:
			return nil
		}
	}
	if err := l.flushOutputs(ctx); err != nil {
		return err
	}
	l.checkpoint()
	return nil
}

// checkpoint takes a snapshot and saves it in the background, once the outputs
// have written all rows before it. Outputs are flushed and no save is under way.
func (l *lane) checkpoint() {
	state := l.snapshot()
	var replay [][]byte
	for _, f := range l.feeds {
		for _, m := range f.journal {
			m.feed = f.id
			replay = append(replay, appendMarks(nil, []idleMark{m}))
		}
	}
	sent := make([]uint64, len(l.outputs))
	for i, o := range l.outputs {
		sent[i] = o.sent
	}
	l.mu.Lock()
	l.journal = nil
	l.mu.Unlock()
	done := make(chan error, 1)
	l.saving = done
	go func() { done <- l.save(l.saver, state, replay, sent) }()
}

func (l *lane) save(ctx context.Context, state []byte, replay [][]byte, sent []uint64) error {
	for i, o := range l.outputs {
		if err := o.wait(ctx, sent[i]); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.store.Save(ctx, l.name, state, append(replay, l.journal...)); err != nil {
		return fault.Wrap(fault.KindOf(err), "lane "+l.name, err, "the checkpoint cannot be saved")
	}
	l.env.counters.checkpoints.Add(1)
	l.env.counters.checkpointBytes.Store(int64(len(state)))
	l.env.counters.checkpointAt.Store(Ticks(l.now()))
	return nil
}

// saved waits for the save that is under way.
func (l *lane) saved(ctx context.Context) error {
	if l.saving == nil {
		return nil
	}
	select {
	case err := <-l.saving:
		l.saving = nil
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *lane) snapshot() []byte {
	w := &stateWriter{}
	w.uint(snapshotVersion)
	w.bytes(l.print)
	w.int(l.env.firstOutput)
	w.uint(uint64(len(l.outputs)))
	for _, o := range l.outputs {
		w.uint(o.sent)
	}
	w.uint(uint64(len(l.feeds)))
	for _, f := range l.feeds {
		w.text(f.input.Name)
		w.int(int64(f.partition))
		w.int(f.next)
		w.int(f.last)
		w.int(f.lastWall)
		w.int(f.idleAt)
		for _, t := range f.lines {
			t.save(w)
		}
	}
	for _, m := range l.merges {
		w.int(m.sent)
	}
	for _, op := range l.ops {
		op.save(w)
	}
	return w.b
}

// restore sets the lane to a snapshot.
func (l *lane) restore(state []byte) error {
	r := &stateReader{b: state}
	if v := r.uint(); v != snapshotVersion {
		return fault.New(fault.PreconditionFailed, "checkpoint", "written by another version of lazuli (format %d, this one reads %d); start with start mode now, or with a time", v, snapshotVersion)
	}
	if print := r.bytes(); !bytes.Equal(print, l.print) {
		return fault.New(fault.PreconditionFailed, "checkpoint", "belongs to another query (%s, this one is %s): the query, its functions or its time policy have changed since. Go back to the old query, or start with start mode now or with the time from which output is wanted; history is then read again",
			short(print), short(l.print))
	}
	l.env.firstOutput = r.int()
	if n := r.count(1); n != len(l.outputs) {
		return fault.New(fault.Internal, "checkpoint", "has %d outputs, the query %d", n, len(l.outputs))
	}
	for _, o := range l.outputs {
		o.restore(r.uint())
	}
	for range r.count(1) {
		name, partition := r.text(), int(r.int())
		f := l.feedOf(name, partition)
		if f == nil {
			return fault.New(fault.PreconditionFailed, "checkpoint", "is of an input %s with a partition %d, which is not there any more; start with start mode now, or with a time", name, partition)
		}
		f.next, f.last, f.lastWall, f.idleAt = r.int(), r.int(), r.int(), r.int()
		if f.next >= 0 {
			f.start = AtOffset(f.next)
		}
		for _, t := range f.lines {
			t.load(r, f.input.Schema().Width)
		}
	}
	for _, m := range l.merges {
		m.sent = r.int()
	}
	for _, op := range l.ops {
		if err := op.load(r); err != nil {
			return err
		}
	}
	return r.err()
}

// replay has the moves of a journal made again where they were made.
func (l *lane) replay(journal [][]byte) error {
	for _, entry := range journal {
		marks, err := readMarks(entry)
		if err != nil {
			return err
		}
		for _, m := range marks {
			if f := l.feedNumber(m.feed); f != nil {
				f.journal = append(f.journal, m)
			}
		}
	}
	for _, f := range l.feeds {
		f.applyMarks(max(f.next, 0))
	}
	l.journal = journal
	return nil
}

// feedOf finds a partition of a checkpoint among those that there are: inputs
// may have grown since. It is nil when they have not kept it.
func (l *lane) feedOf(input string, partition int) *feed {
	for _, f := range l.feeds {
		if f.input.Name == input && f.partition == partition {
			return f
		}
	}
	return nil
}

func (l *lane) feedNumber(id int) *feed {
	for _, f := range l.feeds {
		if f.id == id {
			return f
		}
	}
	return nil
}

func short(print []byte) string { return hex.EncodeToString(print[:min(4, len(print))]) }
