package seglog

// reserveStep bounds how many bytes are reserved ahead of the writer.
const reserveStep = 8 << 20

// reserve asks the file system for blocks ahead of the writer, doubling with
// the segment so that idle logs cost nothing. It is a hint: where it fails the
// write itself decides.
func (l *Log) reserve(size int64) {
	w := &l.w
	if w.pos+size <= w.allocated {
		return
	}
	step := max(size, min(w.pos, reserveStep, l.segmentBytes.Load()-w.pos))
	if w.file.Preallocate(w.pos, step) == nil {
		w.allocated = w.pos + step
	}
}

// giveBack frees the reserved blocks behind the end of the segment, where the
// file system can.
func (l *Log) giveBack() {
	if f, ok := l.w.file.(interface{ Truncate(int64) error }); ok && !l.w.suspect && max(l.w.allocated, l.w.blanked) > l.w.pos {
		if err := f.Truncate(l.w.pos); err != nil {
			l.opts.Log.Warn("reserved blocks stay reserved", "file", l.w.segment.path, "error", err)
		}
	}
}
