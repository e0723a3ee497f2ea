package stream

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// memSource is an input in memory. At its end it reports io.EOF, or with live
// set waits until more is appended or ctx ends.
type memSource struct {
	mu    sync.Mutex
	parts [][]Event
	live  bool
	more  chan struct{}
	chunk int // most events for each Read; 0: as asked
}

func (s *memSource) Partitions(context.Context) (int, error) { return len(s.parts), nil }

func (s *memSource) Open(_ context.Context, partition int, at Position) (Reader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &memReader{s: s, p: partition}
	for _, e := range s.parts[partition] {
		if at.Offset >= 0 && e.Offset >= at.Offset || at.Offset < 0 && e.Arrival >= at.Arrival {
			break
		}
		r.next++
	}
	return r, nil
}

type memReader struct {
	s       *memSource
	p, next int
}

func (r *memReader) Read(ctx context.Context, b *Batch, limit int) error {
	for {
		r.s.mu.Lock()
		rest, more := r.s.parts[r.p][r.next:], r.s.more
		r.s.mu.Unlock()
		if r.s.chunk > 0 {
			limit = min(limit, r.s.chunk)
		}
		if len(rest) > 0 {
			b.Events = append(b.Events[:0], rest[:min(limit, len(rest))]...)
			r.next += len(b.Events)
			return nil
		}
		if !r.s.live {
			return io.EOF
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r *memReader) Backlog() int64 { return 0 }
func (r *memReader) Close() error   { return nil }

// send appends an event to a live source.
func (s *memSource) send(p int, e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Offset = int64(len(s.parts[p]))
	s.parts[p] = append(s.parts[p], e)
	close(s.more)
	s.more = make(chan struct{})
}

// memSink keeps rows by their numbers, as an idempotent sink does.
type memSink struct {
	mu   sync.Mutex
	rows map[string][]string
}

func (s *memSink) Write(_ context.Context, b OutputBatch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = make(map[string][]string)
	}
	have := s.rows[b.Lane]
	for i, r := range b.Rows {
		if n := int(b.First) + i; n < len(have) {
			have[n] = string(r.JSON)
		} else {
			have = append(have, string(r.JSON))
		}
	}
	s.rows[b.Lane] = have
	return nil
}

// lines returns the rows of all lanes.
func (s *memSink) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, lane := range []string{"all", "p0", "p1", "p2", "p3"} {
		out = append(out, s.rows[lane]...)
	}
	return out
}

type memReference []Snapshot

func (m memReference) Snapshots(context.Context) ([]Snapshot, error) { return m, nil }

func compile(t testing.TB, query string, references ...string) *streamsql.Program {
	t.Helper()
	var opts streamsql.Options
	for _, r := range references {
		opts.Inputs = append(opts.Inputs, streamsql.InputOptions{Name: r, Reference: true})
	}
	return compileWith(t, query, opts)
}

func compileWith(t testing.TB, query string, opts streamsql.Options) *streamsql.Program {
	t.Helper()
	p, err := streamsql.Compile(query, opts)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	return p
}

// propertyList is properties that are texts.
type propertyList [][2]string

func (l propertyList) Each(use func(string, streamsql.Value)) error {
	for _, p := range l {
		use(p[0], streamsql.StringValue(p[1]))
	}
	return nil
}

// events makes events of lines; a line may begin with "@TIME " for its arrival.
func events(t testing.TB, lines []string) []Event {
	t.Helper()
	var out []Event
	for i, line := range lines {
		e := Event{Offset: int64(i), Sequence: int64(i), Arrival: parseTicks(t, "2024-01-01T00:00:00Z")}
		if rest, ok := strings.CutPrefix(line, "@"); ok {
			head, body, _ := strings.Cut(rest, "{")
			line = "{" + body
			for n, word := range strings.Fields(head) {
				name, value, isProperty := strings.Cut(word, "=")
				switch {
				case n == 0:
					e.Arrival = parseTicks(t, word)
				case isProperty:
					all, _ := e.Properties.(propertyList)
					e.Properties = append(all, [2]string{name, value})
				default:
					e.PartitionKey = strings.TrimPrefix(word, "#")
				}
			}
		}
		e.Body = []byte(line)
		out = append(out, e)
	}
	return out
}
