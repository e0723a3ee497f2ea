package stream

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// secondApart makes events of one partition, a second apart, with numbers n that
// go round.
func secondApart(n, round int) []Event {
	at := TimeOf(638396640000000000)
	list := make([]Event, n)
	for i := range list {
		list[i] = Event{Offset: int64(i), Body: fmt.Appendf(nil, `{"t":"%s","n":%d}`, at.Add(time.Duration(i)*time.Second).Format(time.RFC3339), i%round)}
	}
	return list
}

// runMatch runs a query of one output, o, over events with limits.
func runMatch(t *testing.T, query string, list []Event, limits Limits) ([]string, error) {
	t.Helper()
	sink := &memSink{}
	job, err := New(Options{
		Name: "j", Program: compile(t, query), Policy: TimePolicy{Unlimited: true}, Start: StartAll, Limits: limits,
		Sources: map[string]Source{"i": &memSource{parts: [][]Event{list}}}, Sinks: map[string]Sink{"o": sink},
	})
	if err != nil {
		t.Fatal(err)
	}
	err = job.Run(t.Context())
	return sink.lines(), err
}

// TestMatchHostile: patterns that make a backtracking matcher try every way to
// cut a run into pieces have no more partial matches than places, for each row
// that may begin a match.
func TestMatchHostile(t *testing.T) {
	const rows = 400
	for pattern, places := range map[string]int{
		"(A*)* B":                 2,
		"((A+)+)+ B":              2,
		"((A | C)* | (A C?)+)* B": 5,
		"(A?){50} (A){50} B":      101,
		"((A?)? | (C?)*)* B":      3,
	} {
		t.Run(pattern, func(t *testing.T) {
			query := "SELECT n INTO o FROM i TIMESTAMP BY t MATCH_RECOGNIZE (LIMIT DURATION(hour, 1) MEASURES Last(B.n) AS n PATTERN (" + pattern + ") DEFINE B AS B.n < 0) AS m"
			got, err := runMatch(t, query, secondApart(rows, 10), Limits{Partials: rows*places + 1})
			if err != nil || len(got) > 0 {
				t.Errorf("rows %v, error %v", got, err)
			}
		})
	}
}

// TestMatchLimits: a job that would hold too much stops and says what.
func TestMatchLimits(t *testing.T) {
	begin := "SELECT n INTO o FROM i TIMESTAMP BY t MATCH_RECOGNIZE (LIMIT DURATION(hour, 1) "
	for _, c := range []struct {
		name, rest, want string
		limits           Limits
	}{
		{"partial matches", "MEASURES A.n AS n PATTERN (A+ B) DEFINE B AS B.n < 0) AS m", "MATCH_RECOGNIZE in the query at line 1, column 1: more than 60 partial matches at once", Limits{Partials: 60}},
		{"partial matches of different values", "MEASURES A.n AS n PATTERN ((A | B)* C) DEFINE C AS Last(A.n) > Last(B.n) + 100) AS m", "more than 1000 partial matches at once", Limits{Partials: 1000}},
		{"keys", "PARTITION BY n MEASURES A.n AS x PATTERN (A+ B) DEFINE B AS B.n < 0) AS m", "more than 5 keys", Limits{Keys: 5}},
		{"rows", "MEASURES A.n AS n PATTERN (A B+ C) DEFINE A AS A.n = 0, C AS C.n < 0) AS m", "more than 70 rows held", Limits{HeldRows: 70}},
		{"bytes", "MEASURES Classifier() AS n PATTERN (A+ B) DEFINE B AS B.n < 0) AS m", "more than 20000 bytes of state", Limits{StateSize: 20_000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := runMatch(t, begin+c.rest, secondApart(100, 10), c.limits)
			if !fault.Is(err, fault.TooLarge) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestMatchParallel: an input that is partitioned by the key has a lane for each
// partition, and the same matches.
func TestMatchParallel(t *testing.T) {
	parts := make([][]Event, 3)
	for p := range parts {
		for i := range int64(60) {
			at := TimeOf(638396640000000000).Add(time.Duration(i) * time.Second).Format(time.RFC3339)
			parts[p] = append(parts[p], Event{Offset: i, Body: fmt.Appendf(nil, `{"t":"%s","k":"k%d-%d","n":%d}`, at, p, i%2, i*int64(p+3)%7)})
		}
	}
	run := func(keys map[string]string) []string {
		sink := &memSink{}
		job, err := New(Options{
			Name: "j", Policy: TimePolicy{Unlimited: true}, Start: StartAll, PartitionKeys: keys,
			Program: compile(t, "SELECT * INTO o FROM i TIMESTAMP BY t MATCH_RECOGNIZE (LIMIT DURATION(second, 9) PARTITION BY k MEASURES First(A.t) AS t, Last(B.n) AS n PATTERN (A B+) DEFINE B AS B.n > A.n) AS m"),
			Sources: map[string]Source{"i": &memSource{parts: parts}}, Sinks: map[string]Sink{"o": sink},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := job.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if apart := len(sink.rows) > 1; apart != (keys != nil) {
			t.Errorf("%d lanes with keys %v", len(sink.rows), keys)
		}
		lines := sink.lines()
		slices.Sort(lines)
		return lines
	}
	want := run(nil)
	if len(want) < 30 {
		t.Fatalf("only %d matches", len(want))
	}
	if diff := cmp.Diff(want, run(map[string]string{"i": "k"})); diff != "" {
		t.Error(diff)
	}
}

// TestMatchForgets: when no search is open, nothing is held.
func TestMatchForgets(t *testing.T) {
	m, out := newTestMatch(t, "SELECT a INTO o FROM i TIMESTAMP BY t MATCH_RECOGNIZE (LIMIT DURATION(second, 5) PARTITION BY k MEASURES First(A.n) AS a PATTERN (A+ B) DEFINE A AS A.n > 0, B AS B.n < 0) AS m")
	const s = streamsql.TicksPerSecond
	for i := range int64(100) {
		m.feed(t, i*s, fmt.Sprint("k", i%7), i%10-1) // seldom 0 or less
	}
	if m.keys.size() == 0 || m.env.held == 0 || m.partials == 0 {
		t.Fatalf("%d keys, %d rows, %d partial matches", m.keys.size(), m.env.held, m.partials)
	}
	if err := m.advance(200 * s); err != nil {
		t.Fatal(err)
	}
	if m.keys.size() != 0 || m.env.held != 0 || m.partials != 0 || m.bytes != 0 || m.searches.first != nil || m.due.first != nil {
		t.Errorf("%d keys, %d rows, %d partial matches, %d bytes", m.keys.size(), m.env.held, m.partials, m.bytes)
	}
	if out.wm != 200*s {
		t.Errorf("watermark %d", out.wm/s)
	}
}

// TestMatchWatermark: a match that may grow holds the watermark at its last row,
// one that has not been found holds nothing.
func TestMatchWatermark(t *testing.T) {
	m, out := newTestMatch(t, "SELECT a INTO o FROM i TIMESTAMP BY t MATCH_RECOGNIZE (LIMIT DURATION(second, 10) PARTITION BY k MEASURES First(A.n) AS a PATTERN (A{2,}) DEFINE A AS A.n > 0) AS m")
	const s = streamsql.TicksPerSecond
	for _, step := range []struct {
		at   int64
		n    int64 // 0: no row, but the watermark
		want int64
		rows int
	}{
		{at: 1, n: 1, want: 1},
		{at: 2, want: 2}, // nothing found yet
		{at: 3, n: 1, want: 3},
		{at: 5, want: 3},                   // found with last row 3
		{at: 11, want: 3},                  // 10 s after the first row: still in time
		{at: 12, want: 12, rows: 1},        // row 1 to row 3; from row 3 there is none
		{at: 13, n: -1, want: 13, rows: 1}, // breaks what row 3 began
	} {
		if step.n != 0 {
			m.feed(t, step.at*s, "k", step.n)
		}
		if err := m.advance(step.at * s); err != nil {
			t.Fatal(err)
		}
		if out.wm != step.want*s || out.rows != step.rows {
			t.Errorf("at %d: watermark %d, %d rows", step.at, out.wm/s, out.rows)
		}
	}
}

// TestMatchExplain: what the operator keeps is said.
func TestMatchExplain(t *testing.T) {
	m, _ := newTestMatch(t, "SELECT a INTO o FROM i TIMESTAMP BY t MATCH_RECOGNIZE (LIMIT DURATION(minute, 10) PARTITION BY k MEASURES First(A.n) AS a PATTERN (A+ (B | C){2}) DEFINE B AS B.n > Max(A.n)) AS m")
	for _, want := range []string{
		"match [k] (A+ (B | C){2}) within 10m0s: k, a",
		"match, the rows that may be part of one for 10m0s, and for each first row up to 5 partial matches for each value of what DEFINE compares with",
		"a start reads back 10m0s before its first output",
	} {
		if text := m.explain; !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// FuzzMatchState: a snapshot that is damaged is refused or read, never a panic,
// then or later; one that is not is written again as it was.
func FuzzMatchState(f *testing.F) {
	const query = "SELECT * INTO o FROM i TIMESTAMP BY t MATCH_RECOGNIZE (LIMIT DURATION(second, 20) PARTITION BY k MEASURES Max(A.n) AS a, Last(B.k) AS b, Classifier() AS c PATTERN (A+ (A | B){2,}) DEFINE B AS B.n > Max(A.n)) AS m"
	const s = streamsql.TicksPerSecond
	m, _ := newTestMatch(f, query)
	for i := range int64(12) {
		m.feed(f, i*s, fmt.Sprint("k", i%3), i*7%5)
	}
	var w stateWriter
	m.save(&w)
	f.Add(w.b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, _ := newTestMatch(t, query)
		r := &stateReader{b: b}
		if m.load(r) != nil {
			return
		}
		var again stateWriter
		if m.save(&again); string(b) == string(w.b) && !cmp.Equal(again.b, w.b) {
			t.Error("the state is written otherwise than it was read")
		}
		m.feed(t, 13*s, "k1", 3)
		if err := m.advance(endOfTime); err != nil {
			t.Fatal(err)
		}
	})
}

// testMatch is the operator of a query, alone.
type testMatch struct {
	*match
	explain string
	width   int
	k, n    int // slots
}

type testPort struct {
	rows int
	wm   int64
}

func (p *testPort) process(rows []streamsql.Row) error {
	p.rows += len(rows)
	return nil
}

func (p *testPort) advance(wm int64) error {
	p.wm = wm
	return nil
}

func newTestMatch(t testing.TB, query string) (*testMatch, *testPort) {
	t.Helper()
	program := compile(t, query)
	node := program.Steps[0].Root
	for {
		if found, ok := node.(*streamsql.MatchRecognize); ok {
			limits := DefaultLimits()
			out := &testPort{}
			m := &testMatch{match: newMatch(&env{counters: &counters{}, limits: limits}, found, out, "match"), explain: Explain(program, nil)}
			m.width = found.Input.Schema().Width
			for _, field := range program.Inputs[0].Fields {
				switch strings.Join(field.Path, ".") {
				case "k":
					m.k = field.Slot
				case "n":
					m.n = field.Slot
				}
			}
			return m, out
		}
		node = node.Children()[0]
	}
}

func (m *testMatch) feed(t testing.TB, at int64, k string, n int64) {
	t.Helper()
	slots := make([]streamsql.Value, m.width)
	slots[m.k], slots[m.n] = streamsql.StringValue(k), streamsql.BigIntValue(n)
	if err := m.process([]streamsql.Row{{Time: at, Slots: slots, Scratch: &m.env.scratch}}); err != nil {
		t.Fatal(err)
	}
}
