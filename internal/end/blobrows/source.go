package blobrows

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/blobpath"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// SourceKind is the row of blobs that jobs read as they come.
func SourceKind(find Find) jobs.SourceKind {
	return jobs.SourceKind{Kind: Kind, Blob: true, Open: func(_ context.Context, in jobs.Input, log *slog.Logger) (jobs.Source, error) {
		e, err := newEnd(find, blobpath.Input, in.Account, in.Target, in.Format, in.Blobs)
		if err != nil {
			return nil, err
		}
		unpack, err := unpackerOf(in.Blobs.Compression)
		if err != nil {
			return nil, err
		}
		a, err := find(in.Account)
		if err == nil {
			err = a.Need(e.pattern.Container)
		}
		if err != nil {
			return nil, err
		}
		return &source{end: e, input: in.Name, partitions: max(in.Blobs.Partitions, 1), unpack: unpack, log: log}, nil
	}}
}

// source is the blobs of a pattern as an input of one job, in the order of their
// last changes. Each is read once: what is changed in it afterwards is not. An
// event is a piece of a blob (see pieces), which arrived when the blob was put.
// https://learn.microsoft.com/azure/stream-analytics/stream-analytics-define-inputs#stream-data-from-blob-storage-or-azure-data-lake-storage-gen2
type source struct {
	end
	input      string
	partitions int // over which {partition} spreads blobs
	unpack     unpacker
	log        *slog.Logger

	mu     sync.Mutex // guards what follows
	passed int64      // blobs, or what was left of them
	why    string     // of the last one
	when   time.Time
}

// Changed implements jobs.Source.
func (s *source) Changed() <-chan struct{} {
	a, err := s.find(s.account)
	if err != nil {
		return nil // the account is gone, and with it the job's input
	}
	return a.Changed(s.pattern.Container)
}

// Partitions implements stream.Source.
func (s *source) Partitions(context.Context) (int, error) {
	a, err := s.find(s.account)
	if err == nil {
		err = a.Need(s.pattern.Container)
	}
	return s.partitions, err
}

// Open implements stream.Source.
func (s *source) Open(ctx context.Context, partition int, at stream.Position) (stream.Reader, error) {
	if n, err := s.Partitions(ctx); err != nil {
		return nil, err
	} else if partition >= n {
		return nil, fault.New(fault.NotFound, s.resource(), "there are %d partitions, and no number %d", n, partition)
	}
	blobs, err := s.blobs()
	if err != nil {
		return nil, err
	}
	r := &reader{s: s, blobs: blobs, partition: partition, seen: map[string]objectstore.Position{}}
	if at.Offset < 0 {
		if at.Arrival != stream.StartOfInput {
			r.after = objectstore.Position(max(at.Arrival-1, 0))
		}
		r.since, r.horizon, r.before = r.after, r.after, r.after
		return r, nil
	}
	r.resume, r.skip = placeOf(at.Offset)
	r.after, r.horizon, r.before = r.resume-1, r.resume, r.resume
	return r, nil
}

// wants reports whether a blob is one of the partition.
func (s *source) wants(name string, partition int) bool {
	m, ok := s.pattern.Match(name)
	return ok && m.Partition%s.partitions == partition
}

// mostBehind bounds the blobs that Behind counts.
const mostBehind = 1_000

// Behind implements jobs.Source: it counts blobs.
func (s *source) Behind(partition int, next int64) int64 {
	blobs, err := s.blobs()
	if err != nil {
		return 0
	}
	at, piece := placeOf(max(next, 0))
	if piece == 0 {
		at--
	}
	changes, _, err := blobs.Changes(context.Background(), s.pattern.Container, at, mostBehind)
	if err != nil {
		return 0
	}
	n := int64(0)
	for i := range changes {
		if c := &changes[i]; c.Made > at && s.wants(c.Info.Blob, partition) {
			n++
		}
	}
	return n
}

// place is a row of a blob, from 1.
func (s *source) place(blob string, row int) *stream.Place {
	return &stream.Place{Blob: s.pattern.Container + "/" + blob, Row: row}
}

// pass takes note that a blob, or the rest of one, is not read.
func (s *source) pass(blob, format string, args ...any) {
	why := fmt.Sprintf("blob %s/%s ", s.pattern.Container, blob) + fmt.Sprintf(format, args...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if why != s.why { // not at each change of one that grows
		s.log.Warn("a blob is passed over", "input", s.input, "why", why)
	}
	s.passed, s.why, s.when = s.passed+1, why, time.Now()
}

// warnedFor is how long a warning is shown after the last blob that was passed
// over.
const warnedFor = 10 * time.Minute

// Warnings implements jobs.Source.
func (s *source) Warnings() []jobs.Warning {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.passed == 0 || time.Since(s.when) >= warnedFor {
		return nil
	}
	return []jobs.Warning{{Kind: "blob", Events: s.passed, At: s.when, Text: "input " + s.input + ": " + s.why}}
}
