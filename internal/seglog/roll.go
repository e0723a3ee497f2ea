package seglog

import (
	"errors"
	"fmt"
	"io"
)

// roll seals the segment and begins the next one, whose header says how much of
// this one counts. A segment without a good group is replaced instead, so that a
// disk that stays full does not gather empty files.
func (l *Log) roll() error {
	w := &l.w
	if err := l.seal(); err != nil {
		w.suspect = true
		return fmt.Errorf("sync %s: %w", w.segment.path, err)
	}
	h := w.segment.header
	if w.pos > headerSize {
		h = header{number: h.number + 1, logID: l.opts.ID, prevEnd: w.pos}
	}
	h.first, h.prevMs, h.madeMs = l.next, l.lastMs, l.opts.Now().UnixMilli()
	s, f, err := createSegment(l.opts.FS, l.opts.Dir, h)
	if err != nil {
		return err
	}
	l.giveBack()
	if err := l.closeActive(); err != nil {
		l.opts.Log.Warn("close of a sealed segment failed", "file", w.segment.path, "error", err)
	}
	l.mu.Lock()
	if h.number == w.segment.number {
		l.segments[len(l.segments)-1] = s
	} else {
		l.segments = append(l.segments, s)
	}
	l.mu.Unlock()
	w.segment, w.file = s, f
	w.pos, w.synced, w.allocated = headerSize, headerSize, headerSize
	w.blanked, w.uncached = headerSize, 0
	w.suspect, w.marked = false, false
	return nil
}

// seal puts everything written so far on disk. SyncAlways has done so already.
func (l *Log) seal() error {
	w := &l.w
	if w.synced == w.pos {
		return nil
	}
	if w.syncFailed {
		if err := l.writeAgain(); err != nil {
			return err
		}
	}
	if err := w.file.SyncData(); err != nil {
		w.syncFailed = true
		return err
	}
	w.synced, w.syncFailed = w.pos, false
	w.uncache()
	return nil
}

// writeAgain writes the groups from synced to pos once more. After a failed
// sync an operating system may take the pages for clean: a second sync alone
// would succeed without having stored them.
func (l *Log) writeAgain() error {
	scan := newScanner(l.w.file, l.w.segment.salt, l.w.synced, l.w.pos)
	for {
		pos := scan.at()
		_, raw, reason, err := scan.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case reason != "":
			return l.corrupt(l.w.segment.path, pos, reason)
		}
		if _, err := l.w.file.WriteAt(raw, pos); err != nil {
			return err
		}
	}
}

// syncBehind syncs what SyncInterval has acknowledged already.
func (l *Log) syncBehind() {
	w := &l.w
	if w.synced == w.pos || w.suspect {
		return
	}
	behind := w.pos - w.synced
	if err := l.seal(); err != nil {
		l.opts.Log.Error("sync failed; without power now, acknowledged records would be lost",
			"log", l.opts.Name, "bytes", behind, "error", err)
	}
}

// rotate begins a new segment because retention asked for it.
func (l *Log) rotate() {
	if !l.rotateAsked.Swap(false) || l.w.pos == headerSize {
		return
	}
	if err := l.roll(); err != nil {
		l.opts.Log.Warn("no new segment for retention", "log", l.opts.Name, "error", err)
	}
}

// markClosed ends the segment with a group that says everything before it is on
// disk: damage there can then not be mistaken for a torn tail.
func (l *Log) markClosed() {
	w := &l.w
	if w.suspect || w.marked || w.pos == headerSize || l.openActive() != nil || l.seal() != nil {
		return // Open finds out what is there
	}
	mark := make([]byte, groupHeaderSize)
	encodeGroup(mark, kindClosed, w.segment.salt, l.next, l.lastMs, w.pos, "", nil)
	if _, err := w.file.WriteAt(mark, w.pos); err != nil || w.file.SyncData() != nil {
		return
	}
	w.pos += groupHeaderSize
	w.synced = w.pos
	l.giveBack()
}
