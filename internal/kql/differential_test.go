package kql

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
)

// A naive evaluator: a row is a map, a value is nil, int64, string or bool, and
// every expression is a closure beside its text. The engine must give what it
// gives, however the same rows lie in chunks and dictionaries.

type naiveRow map[string]any

type naive struct {
	text string
	eval func(naiveRow) any
}

type gen struct{ *rand.Rand }

func (g gen) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g gen) long(depth int) naive {
	if depth == 0 || g.IntN(3) == 0 {
		if g.IntN(2) == 0 {
			n := int64(g.IntN(7)) - 3
			return naive{fmt.Sprintf("(%d)", n), func(naiveRow) any { return n }}
		}
		c := g.pick("a", "b")
		return naive{c, func(r naiveRow) any { return r[c] }}
	}
	switch g.IntN(6) {
	case 0:
		s := g.text(depth - 1)
		return naive{"strlen(" + s.text + ")", func(r naiveRow) any { return int64(len(s.eval(r).(string))) }}
	case 1:
		c, x, y := g.cond(depth-1), g.long(depth-1), g.long(depth-1)
		return naive{"iff(" + c.text + ", " + x.text + ", " + y.text + ")", func(r naiveRow) any {
			if c.eval(r) == true {
				return x.eval(r)
			}
			return y.eval(r)
		}}
	case 2:
		x, y := g.long(depth-1), g.long(depth-1)
		return naive{"coalesce(" + x.text + ", " + y.text + ")", func(r naiveRow) any {
			if v := x.eval(r); v != nil {
				return v
			}
			return y.eval(r)
		}}
	}
	op := g.pick("+", "-", "*", "/", "%")
	x, y := g.long(depth-1), g.long(depth-1)
	return naive{"(" + x.text + " " + op + " " + y.text + ")", func(r naiveRow) any {
		p, ok := x.eval(r).(int64)
		q, ok2 := y.eval(r).(int64)
		if !ok || !ok2 {
			return nil
		}
		switch op {
		case "+":
			return p + q
		case "-":
			return p - q
		case "*":
			return p * q
		}
		if q == 0 {
			return nil
		}
		if op == "/" {
			return p / q
		}
		m := p % q
		if m < 0 {
			m += max(q, -q)
		}
		return m
	}}
}

func (g gen) text(depth int) naive {
	if depth == 0 || g.IntN(2) == 0 {
		if g.IntN(3) == 0 {
			s := g.pick("", "Red", "green", "re", "blue sky")
			return naive{`"` + s + `"`, func(naiveRow) any { return s }}
		}
		c := g.pick("s", "t")
		return naive{c, func(r naiveRow) any { return r[c] }}
	}
	x, y := g.text(depth-1), g.text(depth-1)
	switch g.IntN(3) {
	case 0:
		return naive{"strcat(" + x.text + ", " + y.text + ")", func(r naiveRow) any { return x.eval(r).(string) + y.eval(r).(string) }}
	case 1:
		return naive{"toupper(" + x.text + ")", func(r naiveRow) any { return strings.ToUpper(x.eval(r).(string)) }}
	}
	return naive{"tolower(" + x.text + ")", func(r naiveRow) any { return strings.ToLower(x.eval(r).(string)) }}
}

func (g gen) cond(depth int) naive {
	if depth == 0 {
		return g.comparison(0)
	}
	switch g.IntN(6) {
	case 0:
		x := g.cond(depth - 1)
		return naive{"not(" + x.text + ")", func(r naiveRow) any {
			if v, ok := x.eval(r).(bool); ok {
				return !v
			}
			return nil
		}}
	case 1, 2:
		op := g.pick("and", "or")
		x, y := g.cond(depth-1), g.cond(depth-1)
		return naive{"(" + x.text + " " + op + " " + y.text + ")", func(r naiveRow) any {
			p, q := x.eval(r), y.eval(r)
			short := op == "or"
			switch {
			case p == short || q == short:
				return short
			case p == nil || q == nil:
				return nil
			}
			return !short
		}}
	case 3:
		x := g.long(depth - 1)
		return naive{"isnull(" + x.text + ")", func(r naiveRow) any { return x.eval(r) == nil }}
	}
	return g.comparison(depth - 1)
}

func (g gen) comparison(depth int) naive {
	switch g.IntN(4) {
	case 0:
		op := g.pick("contains", "startswith", "endswith", "=~", "contains_cs", "has")
		x, y := g.text(depth), g.pick("re", "Red", "sky", "e")
		return naive{"(" + x.text + " " + op + ` "` + y + `")`, func(r naiveRow) any {
			s := x.eval(r).(string)
			l, w := strings.ToLower(s), strings.ToLower(y)
			switch op {
			case "contains":
				return strings.Contains(l, w)
			case "startswith":
				return strings.HasPrefix(l, w)
			case "endswith":
				return strings.HasSuffix(l, w)
			case "=~":
				return l == w
			case "contains_cs":
				return strings.Contains(s, y)
			}
			for _, word := range strings.Fields(l) {
				if word == w {
					return true
				}
			}
			return false
		}}
	case 1:
		x := g.text(depth)
		return naive{"(" + x.text + ` in ("Red", "", "blue sky"))`, func(r naiveRow) any {
			s := x.eval(r)
			return s == "Red" || s == "" || s == "blue sky"
		}}
	}
	op := g.pick("==", "!=", "<", "<=", ">", ">=")
	x, y := g.long(depth), g.long(depth)
	return naive{"(" + x.text + " " + op + " " + y.text + ")", func(r naiveRow) any {
		p, ok := x.eval(r).(int64)
		q, ok2 := y.eval(r).(int64)
		if !ok || !ok2 {
			if ok != ok2 && (op == "==" || op == "!=") {
				return op == "!="
			}
			return nil
		}
		switch op {
		case "==":
			return p == q
		case "!=":
			return p != q
		case "<":
			return p < q
		case "<=":
			return p <= q
		case ">":
			return p > q
		}
		return p >= q
	}}
}

// randomTable makes rows, and the same rows as a table of chunks: of random sizes,
// texts plain or by dictionary.
func (g gen) table(n int) ([]naiveRow, *memoryTable) {
	t := &memoryTable{columns: []Column{{"id", Long}, {"a", Long}, {"b", Long}, {"s", String}, {"t", String}}, time: -1}
	var all []naiveRow
	words := []string{"Red", "red wine", "GREEN", "blue sky", "", "re"}
	for len(all) < n {
		size := min(1+g.IntN(9), n-len(all))
		c := &Chunk{N: size}
		id, s2 := newBuilder(Long, size), &Vector{Kind: String, Texts: words}
		cols := []*builder{newBuilder(Long, size), newBuilder(Long, size)}
		plain := newBuilder(String, size)
		for range size {
			row := naiveRow{"id": int64(len(all))}
			id.add(IntValue(Long, int64(len(all))))
			for i, name := range []string{"a", "b"} {
				if g.IntN(4) == 0 {
					row[name] = nil
					cols[i].add(Null(Long))
				} else {
					v := int64(g.IntN(9)) - 4
					row[name] = v
					cols[i].add(IntValue(Long, v))
				}
			}
			code := g.IntN(len(words))
			row["s"] = words[code]
			s2.Codes = append(s2.Codes, uint32(code))
			row["t"] = words[g.IntN(len(words))]
			plain.add(TextValue(String, row["t"].(string)))
			all = append(all, row)
		}
		c.Columns = []*Vector{id.vector(), cols[0].vector(), cols[1].vector(), s2, plain.vector()}
		if g.IntN(2) == 0 { // late
			for i, v := range c.Columns {
				c.Columns[i] = &Vector{Kind: v.Kind, Load: func() (*Vector, error) { copied := *v; return &copied, nil }}
			}
		}
		t.chunks = append(t.chunks, c)
	}
	return all, t
}

func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return cell(BoolValue(v))
	case int64:
		return cell(IntValue(Long, v))
	}
	return cell(TextValue(String, v.(string)))
}

func rowsAsText(t *testing.T, m *memory, query string) []string {
	t.Helper()
	r, err := Run(t.Context(), m, query, Options{Now: testNow})
	if err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	return strings.Split(table(r), "\n")[1:]
}

func same(t *testing.T, query string, got, want []string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("%s\ngives\n%s\nwant\n%s", query, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAgainstNaive(t *testing.T) {
	for seed := range uint64(150) {
		g := gen{rand.New(rand.NewPCG(seed, 7))}
		rows, tab := g.table(g.IntN(40))
		m := &memory{names: []string{"T"}, tables: map[string]*memoryTable{"T": tab}}
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			checkFilter(t, g, m, rows)
			checkGroups(t, g, m, rows)
			checkOrder(t, g, m, rows)
			checkJoin(t, g, m, rows)
		})
	}
}

func checkFilter(t *testing.T, g gen, m *memory, rows []naiveRow) {
	cond, long, text := g.cond(3), g.long(3), g.text(3)
	query := "T | where " + cond.text + " | project id, x = " + long.text + ", y = " + text.text + ", z = " + cond.text
	var want []string
	for _, r := range rows {
		if cond.eval(r) == true {
			want = append(want, strings.Join([]string{show(r["id"]), show(long.eval(r)), show(text.eval(r)), show(cond.eval(r))}, " | "))
		}
	}
	same(t, query, rowsAsText(t, m, query), want)
}

func checkGroups(t *testing.T, g gen, m *memory, rows []naiveRow) {
	key, keyName := g.text(1), g.pick("s", "a")
	x := g.long(2)
	query := "T | summarize n = count(), s = sum(" + x.text + "), lo = min(" + x.text + "), hi = max(" + x.text + "), d = dcount(" + x.text + ") by k = " + key.text + ", q = " + keyName
	type group struct {
		key   string
		n     int64
		sum   int64
		lo    any
		hi    any
		seen  map[int64]bool
		first int
	}
	groups := map[string]*group{}
	for i, r := range rows {
		k := show(key.eval(r)) + " | " + show(r[keyName])
		one := groups[k]
		if one == nil {
			one = &group{key: k, seen: map[int64]bool{}, first: i}
			groups[k] = one
		}
		one.n++
		if v, ok := x.eval(r).(int64); ok {
			one.sum += v
			one.seen[v] = true
			if one.lo == nil || v < one.lo.(int64) {
				one.lo = v
			}
			if one.hi == nil || v > one.hi.(int64) {
				one.hi = v
			}
		}
	}
	var list []*group
	for _, one := range groups {
		list = append(list, one)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].first < list[j].first })
	var want []string
	for _, one := range list {
		want = append(want, strings.Join([]string{one.key, show(one.n), show(one.sum), show(one.lo), show(one.hi), show(int64(len(one.seen)))}, " | "))
	}
	same(t, query, rowsAsText(t, m, query), want)
}

func checkOrder(t *testing.T, g gen, m *memory, rows []naiveRow) {
	key := g.pick("a", "b")
	direction := g.pick("asc", "desc")
	n := g.IntN(12)
	sorted := append([]naiveRow{}, rows...)
	sort.SliceStable(sorted, func(i, j int) bool {
		p, q := sorted[i][key], sorted[j][key]
		if p == nil || q == nil {
			return (p == nil) != (q == nil) && (p == nil) == (direction == "asc")
		}
		if p == q {
			return sorted[i]["id"].(int64) < sorted[j]["id"].(int64)
		}
		return (p.(int64) < q.(int64)) == (direction == "asc")
	})
	for _, query := range []string{
		fmt.Sprintf("T | sort by %s %s, id asc | take %d | project id", key, direction, n),
		fmt.Sprintf("T | top %d by %s %s, id asc | project id", n, key, direction),
	} {
		var want []string
		for _, r := range sorted[:min(n, len(sorted))] {
			want = append(want, show(r["id"]))
		}
		same(t, query, rowsAsText(t, m, query), want)
	}
}

func checkJoin(t *testing.T, g gen, m *memory, rows []naiveRow) {
	kind := g.pick("inner", "leftouter", "rightouter", "fullouter", "leftsemi", "leftanti", "rightsemi", "rightanti", "innerunique")
	key := g.pick("a", "s")
	query := "T | where id % 2 == 0 | join kind=" + kind + " (T | where id % 3 == 0 | project id, " + key + ") on " + key
	right := "id1"
	switch kind {
	case "leftsemi", "leftanti":
		query += " | project l = id, r = -1 | order by l asc"
	case "rightsemi", "rightanti":
		query += " | project l = -1, r = id | order by r asc"
	default:
		query += " | project l = coalesce(id, -1), r = coalesce(" + right + ", -1) | order by l asc, r asc"
	}
	var lefts, rights []naiveRow
	for _, r := range rows {
		if r["id"].(int64)%2 == 0 {
			lefts = append(lefts, r)
		}
		if r["id"].(int64)%3 == 0 {
			rights = append(rights, r)
		}
	}
	if kind == "innerunique" {
		seen := map[any]bool{}
		var first []naiveRow
		for _, l := range lefts {
			if !seen[l[key]] {
				seen[l[key]] = true
				first = append(first, l)
			}
		}
		lefts = first
	}
	var pairs [][2]int64
	matchedRight := map[int64]bool{}
	for _, l := range lefts {
		found := false
		for _, r := range rights {
			if l[key] != nil && l[key] == r[key] {
				found = true
				matchedRight[r["id"].(int64)] = true
				if kind == "inner" || kind == "innerunique" || strings.HasSuffix(kind, "outer") {
					pairs = append(pairs, [2]int64{l["id"].(int64), r["id"].(int64)})
				}
			}
		}
		if found && kind == "leftsemi" || !found && (kind == "leftanti" || kind == "leftouter" || kind == "fullouter") {
			pairs = append(pairs, [2]int64{l["id"].(int64), -1})
		}
	}
	for _, r := range rights {
		id := r["id"].(int64)
		if matchedRight[id] && kind == "rightsemi" || !matchedRight[id] && (kind == "rightanti" || kind == "rightouter" || kind == "fullouter") {
			pairs = append(pairs, [2]int64{-1, id})
		}
	}
	sort.Slice(pairs, func(i, j int) bool {
		return pairs[i][0] < pairs[j][0] || pairs[i][0] == pairs[j][0] && pairs[i][1] < pairs[j][1]
	})
	var want []string
	for _, p := range pairs {
		want = append(want, fmt.Sprintf("%d | %d", p[0], p[1]))
	}
	same(t, query, rowsAsText(t, m, query), want)
}
