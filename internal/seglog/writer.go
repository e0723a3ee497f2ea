package seglog

import (
	"fmt"
	"io"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// writer is the state of the one goroutine that writes the log.
type writer struct {
	segment   *segment // the last one
	file      vfs.File // of that segment; nil until something is written
	pos       int64    // where the next group goes
	synced    int64    // bytes of the file known to be on disk
	allocated int64    // bytes of the file with reserved blocks
	blanked   int64    // bytes of the file that are groups or zeros
	uncached  int64    // bytes of the file that the page cache was told to let go

	// suspect: bytes from pos on, or blocks before it, are of unknown fate after
	// a failure or a crash, so nothing may be written behind them.
	suspect bool
	// syncFailed: bytes from synced to pos were acknowledged, as SyncInterval and
	// SyncNone allow, and then could not be synced.
	syncFailed bool
	marked     bool // the last group is a mark of an orderly end
	failing    bool // the last commit failed; one log line says so, and one when it is over

	chunk   *chunk // where groups are encoded; nil before the first
	filled  int    // published bytes of chunk
	backlog []pending
}

// writeUntilClosed commits what is queued until the queue is closed and empty.
func (l *Log) writeUntilClosed() {
	var tick <-chan time.Time
	if l.opts.Sync == vfs.SyncInterval {
		t := time.NewTicker(l.opts.SyncInterval)
		defer t.Stop()
		tick = t.C
	}
	for {
		select {
		case <-l.queue.ready:
			l.drain()
		case <-tick:
			l.syncBehind()
		case <-l.queue.done:
			l.drain()
			l.markClosed()
			l.keepEnding()
			return
		}
	}
}

// drain commits until nothing waits.
func (l *Log) drain() {
	for {
		l.w.backlog = l.queue.takeAll(l.w.backlog)
		if len(l.w.backlog) == 0 {
			l.rotate()
			return
		}
		for rest := l.w.backlog; len(rest) > 0; {
			n, size := l.nextCommit(rest)
			err := l.commit(rest[:n], size)
			if err != nil {
				l.fail(rest[:n], err)
			}
			clear(rest[:n])
			l.queue.written(size)
			rest = rest[n:]
		}
	}
}

// nextCommit returns how many of the appends the next write takes, and their
// size: as many as fit CommitBytes and what is left of the segment.
func (l *Log) nextCommit(waiting []pending) (n, size int) {
	limit := int64(l.opts.CommitBytes)
	if left := l.segmentBytes.Load() - l.w.pos; left >= int64(waiting[0].size) {
		limit = min(limit, left)
	}
	size = waiting[0].size
	for n = 1; n < len(waiting) && int64(size+waiting[n].size) <= limit; n++ {
		size += waiting[n].size
	}
	return n, size
}

// commit writes the appends as one write, syncs it if the policy says so, shows
// them to readers and acknowledges them. After an error none of them counts.
func (l *Log) commit(batch []pending, size int) error {
	w := &l.w
	if w.suspect || w.pos > headerSize && w.pos+int64(size) > l.segmentBytes.Load() {
		if err := l.roll(); err != nil {
			return err
		}
	}
	if err := l.openActive(); err != nil {
		return err
	}
	l.reserve(int64(size))
	l.blank(int64(size))

	c, at := l.chunkFor(size)
	ms := max(l.opts.Now().UnixMilli(), l.lastMs) // only this goroutine changes lastMs
	next, off := l.next, at
	for i := range batch {
		p := &batch[i]
		encodeGroup(c.buf[off:off+p.size], kindRecords, w.segment.salt, next, ms, w.synced, p.Label, p.Records)
		next += int64(len(p.Records))
		off += p.size
	}
	if err := l.write(c.buf[at:off]); err != nil {
		return err
	}

	l.mu.Lock()
	first, active := l.next, w.segment
	pos, number := w.pos-int64(size), first
	for i := range batch {
		g := groupHeader{first: number, ms: ms}
		active.index = indexed(active.index, g, pos)
		pos += int64(batch[i].size)
		number += int64(len(batch[i].Records))
	}
	active.end = w.pos
	l.next, l.lastMs = next, ms
	c.published.Store(int64(off))
	l.publish()
	l.mu.Unlock()
	w.filled, w.marked = off, false
	if w.failing {
		w.failing = false
		l.opts.Log.Info("appends work again", "log", l.opts.Name)
	}

	stored := timeOf(ms)
	for i := range batch {
		batch[i].Done(Result{First: first, Time: stored})
		first += int64(len(batch[i].Records))
	}
	return nil
}

// openActive opens the last segment's file for the first write: a log that is
// only there costs no descriptor.
func (l *Log) openActive() error {
	if l.w.file != nil {
		return nil
	}
	f, err := l.opts.FS.OpenReadWrite(l.w.segment.path, vfs.WriteCategory)
	if err != nil {
		return fmt.Errorf("open segment: %w", err)
	}
	l.w.file = f
	return nil
}

// closeActive closes the last segment's file, which has nothing unsynced.
func (l *Log) closeActive() error {
	if l.w.file == nil {
		return nil
	}
	err := l.w.file.Close()
	l.w.file = nil
	return err
}

// write puts the bytes behind the last good ones, and on disk with SyncAlways.
func (l *Log) write(b []byte) error {
	w := &l.w
	n, err := w.file.WriteAt(b, w.pos)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err == nil && l.opts.Sync == vfs.SyncAlways {
		err = w.file.SyncData()
	}
	if err != nil {
		w.suspect = true
		return fmt.Errorf("write %s: %w", l.w.segment.path, err)
	}
	w.pos += int64(len(b))
	if l.opts.Sync == vfs.SyncAlways {
		w.synced = w.pos
		w.uncache()
	}
	return nil
}

// fail tells the appends that they are not stored.
func (l *Log) fail(batch []pending, err error) {
	err = fault.Wrap(fault.Unavailable, l.opts.Name, err, "nothing was stored")
	if !l.w.failing {
		l.w.failing = true
		l.opts.Log.Error("appends fail", "log", l.opts.Name, "error", err)
	}
	for i := range batch {
		batch[i].Done(Result{Err: err})
	}
}

// chunkFor returns a chunk with room for size bytes at the offset.
func (l *Log) chunkFor(size int) (*chunk, int) {
	w := &l.w
	if c := w.chunk; c != nil && !c.evicted.Load() && len(c.buf)-w.filled >= size {
		return c, w.filled
	}
	c := newChunk(l.next, size)
	l.mu.Lock()
	if old := w.chunk; old != nil && !old.evicted.Load() {
		old.next.Store(c)
	}
	l.tail = append(l.tail, c)
	l.mu.Unlock()
	w.chunk, w.filled = c, 0
	l.opts.Tail.add(l, c)
	return c, 0
}
