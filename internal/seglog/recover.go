package seglog

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// load finds the log's segments and makes it ready for readers and the writer.
//
// What a crash can leave, and what becomes of it:
//
//	a *.tmp file               removed: a file that never got its name
//	a newest segment that is   refused, when the last stop was orderly: see endFile
//	missing or cut
//	zeros behind the groups    written over: they are blanks, see writer.blank
//	a torn tail                void: the next append begins a new segment
//	a missing or bad segment   refused
//	a bad group that was once  refused; a later group of the same segment
//	on disk                    testifies, see groupHeader.durable
func (l *Log) load() error {
	fs := l.opts.FS
	if err := vfs.MakeDir(fs, l.opts.Dir); err != nil {
		return err
	}
	if err := l.listSegments(); err != nil {
		return err
	}
	if err := l.loadEnding(); err != nil {
		return err
	}
	if len(l.segments) == 0 {
		if err := l.checkEnding(nil, 0, 0, ""); err != nil && !l.opts.MustExist {
			return err
		}
		return l.begin()
	}
	if err := l.readHeaders(); err != nil {
		return err
	}
	return l.scanLast()
}

// listSegments fills segments with paths and numbers, in order, and removes
// leftovers.
func (l *Log) listSegments() error {
	fs := l.opts.FS
	names, err := fs.List(l.opts.Dir)
	if err != nil {
		return fmt.Errorf("list %s: %w", l.opts.Dir, err)
	}
	for _, name := range names {
		path := fs.PathJoin(l.opts.Dir, name)
		if number, ok := segmentNumber(name); ok {
			l.segments = append(l.segments, &segment{header: header{number: number}, path: path})
			continue
		}
		if name == endFile {
			continue
		}
		if strings.HasSuffix(name, segmentSuffix+tempSuffix) || name == endFile+tempSuffix {
			if err := fs.Remove(path); err != nil {
				return fmt.Errorf("remove leftover %s: %w", path, err)
			}
			continue
		}
		l.opts.Log.Warn("a file that is none of the log's is left alone", "file", path)
	}
	slices.SortFunc(l.segments, func(a, b *segment) int { return cmp.Compare(a.number, b.number) })
	return nil
}

// begin makes the first segment of a new log.
func (l *Log) begin() error {
	if l.opts.MustExist {
		return &vfs.Damage{
			File:   l.opts.Dir,
			Reason: "the log's segments are gone",
			Remedy: "restore the folder from a copy, or delete what it belongs to and make it again",
		}
	}
	s, f, err := createSegment(l.opts.FS, l.opts.Dir, header{
		number: 1, logID: l.opts.ID, madeMs: l.opts.Now().UnixMilli(),
	})
	if err != nil {
		return err
	}
	l.segments = []*segment{s}
	l.w = writer{segment: s, file: f, pos: headerSize, synced: headerSize, allocated: headerSize, blanked: headerSize}
	return l.closeActive()
}

// readHeaders reads all headers and checks that the segments follow each other.
func (l *Log) readHeaders() error {
	for i, s := range l.segments {
		size, err := l.readHeader(s)
		if err != nil {
			return err
		}
		s.end = size // of the last one; the others get theirs from the next header
		if i == 0 {
			continue
		}
		prev := l.segments[i-1]
		switch {
		case s.number != prev.number+1:
			return l.corrupt(s.path, 0, fmt.Sprintf("the segment before it, %s, is missing", segmentName(s.number-1)))
		case s.first < prev.first || s.prevEnd < headerSize:
			return l.corrupt(s.path, 0, "its header does not follow the segment before it")
		case s.prevEnd > prev.end:
			return l.corrupt(prev.path, prev.end, fmt.Sprintf("the file ends before byte %d, which was on disk", s.prevEnd))
		}
		prev.end = s.prevEnd
	}
	return nil
}

// readHeader reads one header and returns the size of the file.
func (l *Log) readHeader(s *segment) (size int64, err error) {
	f, err := l.opts.FS.Open(s.path)
	if err != nil {
		return 0, fmt.Errorf("open segment: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("stat %s: %w", s.path, err)
	}
	b := make([]byte, headerSize)
	if err := readFull(f, b, 0); errors.Is(err, io.ErrUnexpectedEOF) {
		b = nil
	} else if err != nil {
		return 0, fmt.Errorf("read %s: %w", s.path, err)
	}
	h, reason := decodeHeader(b)
	if reason == "" && h.number != s.number {
		reason = fmt.Sprintf("the file is segment %d of the log under another name", h.number)
	}
	if reason == "" && h.logID != l.opts.ID {
		reason = "the file belongs to another log"
	}
	if reason != "" {
		return 0, l.corrupt(s.path, 0, reason)
	}
	s.header = h
	return info.Size(), nil
}

// scanLast verifies the last segment and finds the end of the log.
func (l *Log) scanLast() error {
	s := l.segments[len(l.segments)-1]
	f, err := l.opts.FS.OpenReadWrite(s.path, vfs.WriteCategory)
	if err != nil {
		return fmt.Errorf("open segment: %w", err)
	}
	if err := l.scanActive(s, f); err != nil {
		f.Close()
		return err
	}
	return l.closeActive()
}

func (l *Log) scanActive(s *segment, f vfs.File) error {
	l.next, l.lastMs = s.first, s.prevMs
	size := s.end
	scan := newScanner(f, s.salt, headerSize, size)
	s.index = []indexEntry{}
	marked, torn := false, int64(0)
	for {
		pos := scan.at()
		g, _, reason, err := scan.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", s.path, err)
		}
		if reason != "" {
			if err := l.checkEnding(s, pos, l.next, reason); err != nil {
				return err
			}
			blank, err := zerosFrom(f, pos, size)
			if err != nil {
				return fmt.Errorf("read %s: %w", s.path, err)
			}
			if blank {
				break
			}
			torn = size - pos
			if err := l.judgeTail(s, f, pos, size, reason); err != nil {
				return err
			}
			break
		}
		if g.first != l.next || g.ms < l.lastMs || g.durable > pos {
			return l.corrupt(s.path, pos, fmt.Sprintf(
				"record %d follows record %d", g.first, l.next-1))
		}
		s.index = indexed(s.index, g, pos)
		l.next += int64(g.count)
		l.lastMs = g.ms
		marked = g.kind == kindClosed
	}
	s.end = scan.at()
	if err := l.checkEnding(s, s.end, l.next, ""); err != nil {
		return err
	}
	l.torn = torn
	l.w = writer{
		segment: s, file: f, pos: s.end, synced: headerSize, allocated: s.end, blanked: size,
		suspect: torn > 0, marked: marked,
	}
	return l.settle()
}

// settle puts on disk what the scan has found. After a crash of the process
// alone it may still be in the operating system's memory, and readers are about
// to see it.
func (l *Log) settle() error {
	if l.w.pos == headerSize {
		return nil
	}
	if err := l.w.file.SyncData(); err != nil {
		return fmt.Errorf("sync %s: %w", l.w.segment.path, err)
	}
	l.w.synced = l.w.pos
	return nil
}

// judgeTail decides whether the bad bytes at pos are a torn tail, which is
// dropped, or damage.
func (l *Log) judgeTail(s *segment, f vfs.File, pos, size int64, reason string) error {
	witness, err := findWitness(f, s.salt, pos, size)
	if err != nil {
		return fmt.Errorf("read %s: %w", s.path, err)
	}
	if witness >= 0 {
		return l.corrupt(s.path, pos, fmt.Sprintf("%s, but the group at byte %d shows that it was stored", reason, witness))
	}
	l.opts.Log.Warn("a crash cut off the last write; what it had not acknowledged is dropped",
		"file", s.path, "position", pos, "bytes", size-pos, "reason", reason)
	return nil
}

// findWitness returns the position of a sound group after pos that was written
// when pos was on disk already, or -1. Such a group may begin at any byte.
func findWitness(f vfs.File, salt uint32, pos, size int64) (int64, error) {
	buf := make([]byte, scanBytes)
	for base := pos + 1; base+groupHeaderSize <= size; base += scanBytes - groupHeaderSize + 1 {
		window := buf[:min(scanBytes, size-base)]
		if err := readFull(f, window, base); err != nil {
			return -1, err
		}
		for i := 0; i+groupHeaderSize <= len(window); i++ {
			g, reason := parseGroupHeader(window[i:])
			at := base + int64(i)
			if reason != "" || g.durable <= pos || g.durable > at || at+int64(g.length) > size {
				continue
			}
			group := make([]byte, g.length)
			if err := readFull(f, group, at); err != nil {
				return -1, err
			}
			if verifyGroup(group, g, salt) == "" {
				return at, nil
			}
		}
	}
	return -1, nil
}
