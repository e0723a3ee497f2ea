package cosmossql

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// maker makes random documents and queries that have something to do with each
// other.
type maker struct{ *rand.Rand }

func newMaker(seed uint64) maker { return maker{rand.New(rand.NewPCG(seed, 1))} }

func (m maker) pick(s ...string) string { return s[m.IntN(len(s))] }

// scalar is a literal that documents and queries share.
func (m maker) scalar() string {
	return m.pick("null", "true", "false", "0", "1", "2.5", "-3", "1e2", `""`, `"a"`, `"ab"`, `"b"`, `"é"`, `"a\u0000b"`)
}

func (m maker) value() string {
	switch m.IntN(8) {
	case 0:
		return fmt.Sprintf("[%s,%s]", m.scalar(), m.scalar())
	case 1:
		return fmt.Sprintf(`{"x":%s}`, m.scalar())
	}
	return m.scalar()
}

func (m maker) doc(id int) []byte {
	var sb strings.Builder
	fmt.Fprintf(&sb, `{"id":"%d","pk":"p%d"`, id, m.IntN(4))
	for _, name := range []string{"a", "b", "c"} {
		if m.IntN(4) > 0 {
			fmt.Fprintf(&sb, `,%q:%s`, name, m.value())
		}
	}
	if m.IntN(3) > 0 {
		fmt.Fprintf(&sb, `,"o":{"x":%s,"list":[%s,%s]}`, m.value(), m.scalar(), m.scalar())
	}
	return []byte(sb.String() + "}")
}

func (m maker) path() string {
	return m.pick("r.a", "r.b", "r.c", "r.o.x", `r["a"]`, "r.pk", "r.id", "r.o.list[0]", "r.zzz")
}

func (m maker) condition(depth int) string {
	if depth > 0 && m.IntN(3) == 0 {
		return fmt.Sprintf("(%s %s %s)", m.condition(depth-1), m.pick("AND", "OR", "AND"), m.condition(depth-1))
	}
	switch m.IntN(9) {
	case 0:
		return fmt.Sprintf("r.pk = 'p%d'", m.IntN(4))
	case 1:
		return fmt.Sprintf("%s IN (%s, %s, %s)", m.path(), m.scalar(), m.scalar(), m.scalar())
	case 2:
		return fmt.Sprintf("%s BETWEEN %s AND %s", m.path(), m.scalar(), m.scalar())
	case 3:
		return fmt.Sprintf("STARTSWITH(%s, %s)", m.path(), m.pick(`""`, `"a"`, `"p"`))
	case 4:
		return "NOT " + m.condition(0)
	case 5:
		return fmt.Sprintf("r.id = '%d'", m.IntN(60))
	case 6:
		return fmt.Sprintf("%s LIKE %s", m.path(), m.pick(`"a%"`, `"%b"`, `"_"`, `"p[0-2]"`))
	}
	return fmt.Sprintf("%s %s %s", m.path(), m.pick("=", "<", ">", "<=", ">=", "!="), m.scalar())
}

// query makes a query; ordered ones have a defined order of rows.
func (m maker) query() string {
	var sb strings.Builder
	where := ""
	for i := range m.IntN(3) {
		where += []string{" WHERE ", " AND ", " AND "}[i] + m.condition(2)
	}
	switch m.IntN(8) {
	case 0:
		return "SELECT VALUE COUNT(1) FROM r" + where
	case 1:
		p := m.path()
		return fmt.Sprintf("SELECT %s AS k, COUNT(1) AS n FROM r%s GROUP BY %s", p, where, p)
	case 2:
		p := m.path()
		return fmt.Sprintf("SELECT %s AS k, MAX(r.id) AS m, SUM(r.a) AS s FROM r%s GROUP BY %s", p, where, p)
	case 3:
		return fmt.Sprintf("SELECT DISTINCT VALUE %s FROM r%s", m.path(), where)
	case 4:
		p := m.path()
		return fmt.Sprintf("SELECT MIN(%s) AS low, MAX(%s) AS high FROM r%s", p, p, where)
	}
	sb.WriteString("SELECT ")
	top := m.IntN(4) == 0
	if top {
		fmt.Fprintf(&sb, "TOP %d ", m.IntN(20))
	}
	join := m.IntN(4) == 0
	if join {
		sb.WriteString("r.id, x FROM r JOIN x IN r.o.list")
	} else {
		sb.WriteString(m.pick("* FROM r", "r.id, r.a FROM r", "VALUE r.b FROM r"))
	}
	sb.WriteString(where)
	for i := range m.IntN(4) {
		sb.WriteString([]string{" ORDER BY ", ", ", ", "}[i] + m.path() + m.pick("", " ASC", " DESC"))
	}
	if !top && m.IntN(4) == 0 {
		fmt.Fprintf(&sb, " OFFSET %d LIMIT %d", m.IntN(5), m.IntN(30))
	}
	return sb.String()
}

// TestPlansAgree compares each random query with indexes, in pages of random
// size, with a scan of everything in one page.
func TestPlansAgree(t *testing.T) {
	n := 4000
	if testing.Short() {
		n = 400
	}
	for seed := range uint64(n) {
		m := newMaker(seed)
		var docs [][]byte
		for i := range m.IntN(60) {
			docs = append(docs, m.doc(i))
		}
		src := newFakeSource(docs, Path{"pk"})
		src.many = m.IntN(2) == 0
		if m.IntN(4) == 0 {
			src.indexed = func(p Path) bool { return p[0] != "b" }
		}
		text := m.query()
		q, err := Parse(text)
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, text, err)
		}
		if m.IntN(5) == 0 {
			src.pin("p1")
		}
		planned, plain := mustRun(t, q, src, src.info(), 1+m.IntN(7)), mustRun(t, q, src, SourceInfo{}, 0)
		if !sameRows(q.Features(), planned, plain) {
			p, _ := Compile(q, nil, src.info())
			t.Fatalf("seed %d: %s\nplan:\n%s\ngot:\n%s\nwant:\n%s", seed, text, p.Explain(), strings.Join(planned, "\n"), strings.Join(plain, "\n"))
		}
	}
}

func mustRun(t *testing.T, q *Query, src Source, info SourceInfo, max int) []string {
	t.Helper()
	p, err := Compile(q, nil, info)
	if err != nil {
		t.Fatalf("%s: %v", q.text, err)
	}
	p.small = 0 // so that indexes are used on few documents
	rows, err := runPages(p, src, max)
	if err != nil {
		t.Fatalf("%s: %v", q.text, err)
	}
	return rows
}

// TestPagesUnderWrites deletes and inserts documents between pages. Every
// document that stays must come exactly once and in order.
func TestPagesUnderWrites(t *testing.T) {
	queries := []string{
		"SELECT VALUE r.id FROM r",
		"SELECT VALUE r.id FROM r ORDER BY r.a",
		"SELECT VALUE r.id FROM r ORDER BY r.a DESC",
		"SELECT VALUE r.id FROM r ORDER BY r.a, r.b DESC",
		"SELECT VALUE r.id FROM r WHERE r.pk = 'p1' ORDER BY r.c",
		"SELECT VALUE r.id FROM r WHERE r.a IN (0, 1, 'a', null)",
		"SELECT DISTINCT VALUE r.id FROM r",
		"SELECT VALUE r.id FROM r GROUP BY r.id",
		"SELECT r.id, x FROM r JOIN x IN (SELECT VALUE [1, 2, 3]) ORDER BY r.b",
		"SELECT r.id, x FROM r JOIN x IN (SELECT VALUE [1, 2, 3])",
	}
	for seed := range uint64(40) {
		for _, text := range queries {
			m := newMaker(seed)
			var docs [][]byte
			for i := range 40 {
				docs = append(docs, m.doc(i))
			}
			src := newFakeSource(docs, Path{"pk"})
			runUnderWrites(t, m, src, text, seed)
		}
	}
}

func runUnderWrites(t *testing.T, m maker, src *fakeSource, text string, seed uint64) {
	q, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(q, nil, src.info())
	if err != nil {
		t.Fatal(err)
	}
	p.small = 0
	before, err := runPages(p, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]int{}
	gone := map[string]bool{}
	next := ""
	for first := true; first || next != ""; first = false {
		page, err := p.Run(context.Background(), src, RunOptions{MaxItems: 1 + m.IntN(6), Continuation: next})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Rows {
			given[string(r)]++
		}
		next = page.Continuation
		if i := m.IntN(len(src.docs)); src.docs[i] != nil && m.IntN(2) == 0 {
			gone[fmt.Sprintf(`"%d"`, i)] = true
			src.docs[i] = nil
		}
		if len(src.docs) < 80 {
			src.docs = append(src.docs, m.doc(len(src.docs)))
		}
		clear(src.indexes)
	}
	for _, row := range before {
		id := row
		if v, _ := loadValue([]byte(row)); v.kind == Object {
			id = string(member(v.raw, "id"))
		}
		if gone[id] {
			continue
		}
		if given[row] != 1 {
			t.Fatalf("seed %d: %s: row %s came %d times\n%s", seed, text, row, given[row], p.Explain())
		}
	}
}

// TestConcurrentRuns runs one plan from several goroutines.
func TestConcurrentRuns(t *testing.T) {
	m := newMaker(7)
	var docs [][]byte
	for i := range 50 {
		docs = append(docs, m.doc(i))
	}
	src := newFakeSource(docs, Path{"pk"})
	q, _ := Parse(`SELECT r.id, ARRAY(SELECT VALUE x FROM x IN r.o.list WHERE REGEXMATCH(ToString(x), "[0-9]")) AS l FROM r WHERE r.a LIKE "a%" OR r.a > 0 ORDER BY r.b, r.id`)
	p, err := Compile(q, nil, src.info())
	if err != nil {
		t.Fatal(err)
	}
	want, err := runPages(p, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	results := make(chan error)
	for range 4 {
		go func() {
			got, err := runPages(p, src, 3)
			if err == nil && !slices.Equal(got, want) {
				err = fmt.Errorf("got %v, want %v", got, want)
			}
			results <- err
		}()
	}
	for range 4 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}
