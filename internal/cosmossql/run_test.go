package cosmossql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// prepare compiles a query for a source with indexes.
func prepare(t *testing.T, src *fakeSource, text string) *Plan {
	t.Helper()
	q, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(q, nil, src.info())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func numbered(n int, format string) *fakeSource {
	var docs [][]byte
	for i := range n {
		docs = append(docs, fmt.Appendf(nil, format, i))
	}
	return newFakeSource(docs, Path{"pk"})
}

func TestContinuationOfAnotherQuery(t *testing.T) {
	src := numbered(10, `{"id":"%d"}`)
	page, err := prepare(t, src, "SELECT * FROM c").Run(t.Context(), src, RunOptions{MaxItems: 3})
	if err != nil || page.Continuation == "" {
		t.Fatal(page, err)
	}
	for _, text := range []string{page.Continuation, "x", "!", strings.Repeat("A", 5000), page.Continuation[:20]} {
		_, err = prepare(t, src, "SELECT c.id FROM c").Run(t.Context(), src, RunOptions{Continuation: text})
		if !errors.Is(err, ErrContinuation) || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	if page, err = prepare(t, src, "SELECT * FROM c").Run(t.Context(), src, RunOptions{Continuation: page.Continuation}); err != nil || len(page.Rows) != 7 {
		t.Errorf("a plan made anew does not continue: %v", err)
	}
}

// TestEarlyStop demands that a page along an index reads what it gives and
// little more.
func TestEarlyStop(t *testing.T) {
	src := numbered(5000, `{"id":"%[1]d","pk":"p","n":%[1]d}`)
	for text, most := range map[string]int64{
		"SELECT TOP 10 * FROM c ORDER BY c.n DESC":                   10,
		"SELECT * FROM c ORDER BY c.n":                               51,
		"SELECT * FROM c":                                            51,
		"SELECT * FROM c WHERE c.pk = 'p' ORDER BY c.n DESC":         51,
		"SELECT * FROM c WHERE c.n > 100 ORDER BY c.n":               51,
		"SELECT * FROM c WHERE c.n IN (5, 7)":                        2,
		"SELECT * FROM c WHERE c.n BETWEEN 7 AND 9":                  3,
		"SELECT * FROM c WHERE c.pk = 'p' AND c.id = '77'":           1,
		"SELECT * FROM c WHERE c.n % 2 = 0 ORDER BY c.n":             102,
		"SELECT VALUE COUNT(1) FROM c":                               0,
		"SELECT VALUE COUNT(1) FROM c WHERE c.n < 1000":              0,
		"SELECT * FROM c WHERE c.n > 5 AND c.n < 3":                  0,
		"SELECT * FROM c WHERE false":                                0,
		"SELECT TOP 0 * FROM c":                                      0,
		"SELECT VALUE MAX(c.n) FROM c":                               1,
		"SELECT MIN(c.n) AS a, MAX(c.id) AS b FROM c":                2,
		"SELECT VALUE MIN(c.n) FROM c WHERE c.pk = 'p'":              1,
		"SELECT c.id FROM c JOIN x IN c.missing WHERE c.n = 3":       1,
		"SELECT * FROM c WHERE c.pk = 'p' AND c.n = 3 ORDER BY c.id": 1,
	} {
		page, err := prepare(t, src, text).Run(t.Context(), src, RunOptions{MaxItems: 50})
		if err != nil {
			t.Fatal(err)
		}
		if page.Stats.Entries > most {
			t.Errorf("%s: %d entries for %d rows, at most %d are wanted\n%s", text, page.Stats.Entries, len(page.Rows), most, prepare(t, src, text).Explain())
		}
	}
}

// TestLongKeys pages along strings that do not fit into a continuation.
func TestLongKeys(t *testing.T) {
	src := numbered(9, `{"id":"%[1]d","s":"`+strings.Repeat("x", 5000)+`%[1]d","a":[1,2]}`)
	for _, text := range []string{"SELECT VALUE c.id FROM c ORDER BY c.s", "SELECT VALUE c.id FROM c ORDER BY c.s DESC, c.id", "SELECT DISTINCT VALUE c.s FROM c", "SELECT c.id, a FROM c JOIN a IN c.a ORDER BY c.s"} {
		p := prepare(t, src, text)
		all, err := runPages(p, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		paged, err := runPages(p, src, 2)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(all, "\n") != strings.Join(paged, "\n") {
			t.Errorf("%s: %d rows, in pages %d", text, len(all), len(paged))
		}
	}
}

func TestPageBytes(t *testing.T) {
	src := numbered(100, `{"id":"%d","s":"`+strings.Repeat("x", 1000)+`"}`)
	for _, text := range []string{"SELECT * FROM c", "SELECT * FROM c ORDER BY c.id", "SELECT * FROM c ORDER BY c.s, c.id", "SELECT DISTINCT VALUE c FROM c"} {
		p := prepare(t, src, text)
		page, err := p.Run(t.Context(), src, RunOptions{MaxBytes: 5000})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Rows) != 5 || page.Continuation == "" {
			t.Errorf("%s: %d rows for 5000 bytes", text, len(page.Rows))
		}
	}
}

func TestCancelledContext(t *testing.T) {
	src := numbered(2000, `{"id":"%d"}`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := prepare(t, src, "SELECT VALUE COUNT(c.id) FROM c").Run(ctx, src, RunOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTooMuchMemory(t *testing.T) {
	src := numbered(300, `{"id":"%d","s":"`+strings.Repeat("x", 10000)+`"}`)
	_, err := prepare(t, src, "SELECT VALUE CONCAT("+strings.Repeat("c.s, ", 2000)+"c.s) FROM c").Run(t.Context(), src, RunOptions{})
	if fault.KindOf(err) != fault.TooLarge {
		t.Errorf("got %v", err)
	}
}

func TestSourceErrorsSurface(t *testing.T) {
	src := failingSource{numbered(10, `{"id":"%d"}`)}
	for _, text := range []string{"SELECT * FROM c", "SELECT * FROM c ORDER BY c.n", "SELECT c.n, COUNT(1) AS k FROM c GROUP BY c.n", "SELECT VALUE COUNT(1) FROM c", "SELECT VALUE COUNT(1) FROM c WHERE c.n = 1", "SELECT * FROM c WHERE c.n = 1", "SELECT VALUE MAX(c.n) FROM c"} {
		if _, err := prepare(t, src.fakeSource, text).Run(t.Context(), src, RunOptions{}); !errors.Is(err, errSource) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

var errSource = errors.New("the disk is gone")

type failingSource struct{ *fakeSource }

func (failingSource) Scan(context.Context, Access) (Rows, error)          { return nil, errSource }
func (failingSource) Count(context.Context, Access, int64) (int64, error) { return 0, errSource }

func TestFeatures(t *testing.T) {
	for text, want := range map[string]Features{
		"SELECT * FROM c": {},
		"SELECT TOP 1 VALUE c.a FROM c ORDER BY c.b":                                {Top: true, Value: true, OrderBy: true},
		"SELECT DISTINCT c.a FROM c JOIN x IN c.b OFFSET 1 LIMIT 2":                 {Distinct: true, Join: true, OffsetLimit: true},
		"SELECT c.a, COUNT(1) FROM c GROUP BY c.a":                                  {GroupBy: true, Aggregate: true},
		"SELECT VALUE {\"n\": SUM(c.a)} FROM c":                                     {Value: true, Aggregate: true},
		"SELECT (SELECT VALUE COUNT(1) FROM x IN c.b) AS n FROM c WHERE c.a IN (1)": {},
	} {
		q, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Features(); got != want {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestTextLimit(t *testing.T) {
	_, err := Parse("SELECT " + strings.Repeat(" ", MaxTextBytes))
	var se *SyntaxError
	if !errors.As(err, &se) || se.Code != codeLimit {
		t.Errorf("got %v", err)
	}
	ids := strings.TrimSuffix(strings.Repeat("'x',", MaxInList+1), ",")
	if _, err := Parse("SELECT * FROM c WHERE c.id IN (" + ids + ")"); !errors.As(err, &se) || se.Code != codeLimit {
		t.Errorf("got %v", err)
	}
	many := strings.TrimSuffix(strings.Repeat("(c.pk = 'p' AND c.id = '7') OR ", 5000), "OR ")
	src := numbered(20, `{"id":"%d","pk":"p"}`)
	rows, err := runPages(prepare(t, src, "SELECT * FROM c WHERE "+many), src, 10)
	if err != nil || len(rows) != 1 {
		t.Errorf("5000 alternatives: %d rows, %v", len(rows), err)
	}
}
