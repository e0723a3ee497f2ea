package stream

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// naiveMatch finds matches as the definition words it: from each row it tries
// all ways to read the rows that follow, in order of preference, one after the
// other, and takes the first.
type naiveMatch struct {
	pattern *naivePattern
	conds   map[string]naiveCond // by name; a name without one takes any row
	limit   int64
}

// naivePattern is a name (or "."), or parts that follow each other, or
// alternatives, or the first part repeated.
type naivePattern struct {
	name     string
	either   bool
	parts    []*naivePattern
	min, max int // repeated if max is not 0; -1: without bound
}

// naiveTaken is a row and what it was taken as.
type naiveTaken struct {
	row  naiveRow
	name string
}

// naiveCond is a condition on the rows taken, the last one being under test.
type naiveCond struct {
	text  string
	holds func(taken []naiveTaken, row naiveRow) bool
}

// of gives the values of the rows taken as a name.
func of(taken []naiveTaken, name string) (vs []int64) {
	for _, x := range taken {
		if x.name == name {
			vs = append(vs, x.row.V)
		}
	}
	return vs
}

// try reads rows by p and hands what follows to then; it says whether that came
// to a match.
func (n *naiveMatch) try(p *naivePattern, rows []naiveRow, taken []naiveTaken, then func([]naiveRow, []naiveTaken) bool) bool {
	switch {
	case p.max != 0:
		return n.repeat(p, 0, rows, taken, then)
	case p.either:
		return slices.ContainsFunc(p.parts, func(part *naivePattern) bool { return n.try(part, rows, taken, then) })
	case p.name == "":
		if len(p.parts) == 0 {
			return then(rows, taken)
		}
		rest := &naivePattern{parts: p.parts[1:]}
		return n.try(p.parts[0], rows, taken, func(rows []naiveRow, taken []naiveTaken) bool { return n.try(rest, rows, taken, then) })
	}
	if len(rows) == 0 {
		return false
	}
	taken = append(taken[:len(taken):len(taken)], naiveTaken{rows[0], p.name})
	if c, ok := n.conds[p.name]; ok && !c.holds(taken, rows[0]) {
		return false
	}
	return then(rows[1:], taken)
}

// repeat tries one more before it goes on. One beyond the least number that took
// no row is none.
func (n *naiveMatch) repeat(p *naivePattern, count int, rows []naiveRow, taken []naiveTaken, then func([]naiveRow, []naiveTaken) bool) bool {
	if p.max < 0 || count < p.max {
		if n.try(p.parts[0], rows, taken, func(rest []naiveRow, taken []naiveTaken) bool {
			return (count < p.min || len(rest) < len(rows)) && n.repeat(p, count+1, rest, taken, then)
		}) {
			return true
		}
	}
	return count >= p.min && then(rows, taken)
}

// run returns the result rows of all keys.
func (n *naiveMatch) run(rows []naiveRow) (out []string) {
	for k, all := range byKey(rows, func(naiveRow) bool { return true }) {
		for i, first := range all {
			in := all[i:]
			if end := slices.IndexFunc(in, func(r naiveRow) bool { return r.time-first.time > n.limit }); end >= 0 {
				in = in[:end]
			}
			n.try(n.pattern, in, nil, func(_ []naiveRow, taken []naiveTaken) bool {
				if len(taken) == 0 {
					return false
				}
				out = append(out, naiveMeasures(k, taken))
				return true
			})
		}
	}
	return out
}

func naiveMeasures(k string, taken []naiveTaken) string {
	pick := func(name string, f func([]int64) int64) string {
		if vs := of(taken, name); len(vs) > 0 {
			return fmt.Sprint(f(vs))
		}
		return "null"
	}
	var names []string
	for _, x := range taken {
		names = append(names, `"`+x.name+`"`)
	}
	return fmt.Sprintf(`{"k":"%s","f":%s,"l":%s,"lo":%s,"hi":%s,"p":[%s],"e":"%s"}`, k,
		pick("A", func(v []int64) int64 { return v[0] }), pick("B", func(v []int64) int64 { return v[len(v)-1] }),
		pick("C", slices.Min), pick("A", slices.Max), strings.Join(names, ","), naiveTime(taken[len(taken)-1].row.time))
}

// String writes the pattern in the language.
func (p *naivePattern) String() string {
	if p.max != 0 {
		x := "(" + p.parts[0].String() + ")"
		switch {
		case p.min == 0 && p.max == 1:
			return x + "?"
		case p.min == 0 && p.max < 0:
			return x + "*"
		case p.min == 1 && p.max < 0:
			return x + "+"
		case p.max < 0:
			return fmt.Sprintf("%s{%d,}", x, p.min)
		}
		return fmt.Sprintf("%s{%d,%d}", x, p.min, p.max)
	}
	if p.name != "" {
		return p.name
	}
	var parts []string
	for _, part := range p.parts {
		parts = append(parts, part.String())
	}
	if p.either {
		return "(" + strings.Join(parts, " | ") + ")"
	}
	return strings.Join(parts, " ")
}

func randomPattern(rng *rand.Rand, depth int) *naivePattern {
	if depth == 0 || rng.IntN(4) == 0 {
		return &naivePattern{name: []string{"A", "B", "C", "A", "B", "C", "."}[rng.IntN(7)]}
	}
	if rng.IntN(3) == 0 {
		p := &naivePattern{parts: []*naivePattern{randomPattern(rng, depth-1)}}
		bounds := [][2]int{{0, 1}, {0, -1}, {1, -1}, {2, -1}, {1, 2}, {0, 3}, {2, 2}}[rng.IntN(7)]
		p.min, p.max = bounds[0], bounds[1]
		return p
	}
	p := &naivePattern{either: rng.IntN(3) == 0}
	for range 2 + rng.IntN(2) {
		p.parts = append(p.parts, randomPattern(rng, depth-1))
	}
	return p
}

// randomCond makes a condition for a name that may read the names before it.
func randomCond(rng *rand.Rand, name string, before []string) naiveCond {
	n := rng.Int64N(20)
	other := name
	if len(before) > 0 {
		other = before[rng.IntN(len(before))]
	}
	compare := func(agg string, value func([]int64) int64) naiveCond {
		return naiveCond{fmt.Sprintf("%s.v >= %s(%s.v)", name, agg, other), func(taken []naiveTaken, r naiveRow) bool {
			vs := of(taken, other)
			return len(vs) > 0 && r.V >= value(vs)
		}}
	}
	switch rng.IntN(6) {
	case 0:
		return compare("First", func(vs []int64) int64 { return vs[0] })
	case 1:
		return compare("Last", func(vs []int64) int64 { return vs[len(vs)-1] })
	case 2:
		return compare("Max", slices.Max[[]int64])
	case 3:
		return naiveCond{fmt.Sprintf("Max(%s.v) - Min(%[1]s.v) < %d", name, n), func(taken []naiveTaken, _ naiveRow) bool {
			vs := of(taken, name)
			return slices.Max(vs)-slices.Min(vs) < n
		}}
	case 4:
		return naiveCond{fmt.Sprintf("%s.v > %d", name, n/2), func(_ []naiveTaken, r naiveRow) bool { return r.V > n/2 }}
	}
	return naiveCond{fmt.Sprintf("%s.v < %d", name, n), func(_ []naiveTaken, r naiveRow) bool { return r.V < n }}
}

// randomMatch makes a query and what it means.
func randomMatch(rng *rand.Rand) (string, *naiveMatch) {
	n := &naiveMatch{pattern: randomPattern(rng, 3), conds: map[string]naiveCond{}, limit: 2 * streamsql.TicksPerSecond}
	text := n.pattern.String()
	var defines, before []string
	for _, name := range []string{"A", "B", "C"} {
		if !strings.Contains(text, name) || rng.IntN(6) == 0 {
			continue
		}
		c := randomCond(rng, name, before)
		n.conds[name] = c
		defines, before = append(defines, name+" AS "+c.text), append(before, name)
	}
	define := ""
	if len(defines) > 0 {
		define = "DEFINE " + strings.Join(defines, ", ")
	}
	var measures []string
	for _, m := range [][3]string{{"A", "First", "f"}, {"B", "Last", "l"}, {"C", "Min", "lo"}, {"A", "Max", "hi"}} {
		if strings.Contains(text, m[0]) {
			measures = append(measures, fmt.Sprintf("%s(%s.v) AS %s", m[1], m[0], m[2]))
		} else {
			measures = append(measures, "NULL AS "+m[2])
		}
	}
	return fmt.Sprintf("SELECT k, f, l, lo, hi, p, System.Timestamp() AS e INTO o FROM i TIMESTAMP BY t MATCH_RECOGNIZE (LIMIT DURATION(second, 2) PARTITION BY k MEASURES %s, Classifier() AS p AFTER MATCH SKIP TO NEXT ROW PATTERN (%s) %s) AS m",
		strings.Join(measures, ", "), text, define), n
}

// TestNaiveMatch compares MATCH_RECOGNIZE with naiveMatch for random patterns
// and conditions on random streams.
func TestNaiveMatch(t *testing.T) {
	matches, grown := 0, 0
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 11))
		query, naive := randomMatch(rng)
		policy := TimePolicy{Late: 60e9, OutOfOrder: []time.Duration{0, time.Second, 5 * time.Second}[seed%3], Drop: seed%2 == 1}
		parts := randomEvents(rng, 1+int(seed%2), 120)
		want := naive.run(naivePlace(t, policy, parts))
		got := runToEnd(t, query, policy, parts)
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d, %+v\n%s\n(-want +got):\n%s", seed, policy, query, diff)
		}
		matches += len(want)
		for _, line := range want {
			if strings.Count(line, ",") > 8 {
				grown++
			}
		}
	}
	if matches < 10_000 || grown < 1000 {
		t.Errorf("the random patterns are poor: %d matches, %d of several rows", matches, grown)
	}
}
