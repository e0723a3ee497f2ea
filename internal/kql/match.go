package kql

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestRegex bounds a regular expression's text. RE2 needs time that grows
// with it and the text alone.
const longestRegex = 4096

// matchNode is x op y for the operators on texts.
func (b *binder) matchNode(e *operation, s *scope) *node {
	x, y := b.scalar(e.x, s), b.scalar(e.y, s)
	whole := x.kind == Dynamic && x.column != nil
	for _, side := range [...]struct {
		n *node
		e expr
	}{{x, e.x}, {y, e.y}} {
		switch side.n.kind {
		case String, Dynamic, GUID:
		default:
			b.fail(side.e.where(), "SEM0014", "the operator '%s' expects a string, not a %s: tostring() makes one", e.op, side.n.kind)
		}
	}
	column := x.column
	x, y = b.asText(x), y.to(String)
	op, not := strings.CutPrefix(e.op, "!")
	switch e.op {
	case "!~":
		op, not = "=~", true
	case "notcontains", "notcontainscs", "notlike":
		op, not = strings.TrimPrefix(e.op, "not"), true
	}
	if op == "containscs" {
		op = "contains_cs"
	}
	if op == "like" {
		b.refuse(e.at, "the operator 'like'")
	}
	var test func(text, what string) bool
	if op == "matches regex" {
		if y.value == nil {
			b.fail(e.y.where(), "SEM0006", "the regular expression must be a constant")
		}
		re := b.regex(y.value.text, e.y.where())
		test = func(text, _ string) bool { return re.MatchString(text) }
	} else {
		test = matcher(op)
	}
	if y.value != nil && op != "matches regex" { // what is folded once
		y2 := y.value.text
		fixed := fixedMatcher(op, y2)
		test = func(text, _ string) bool { return fixed(text) }
	}
	out := lift(Bool, []*node{x, y}, func(a []Value) Value { return BoolValue(test(a[0].text, a[1].text) != not) })
	if y.value != nil && out.value == nil {
		out.eval = plainTexts(x, out.eval, func(text string) bool { return test(text, "") != not })
	}
	if column != nil && y.value != nil && !not && (column.kind == String || whole) {
		switch op {
		case "=~", "has", "contains", "has_cs", "contains_cs", "startswith", "startswith_cs", "endswith", "endswith_cs":
			out.facts = []fact{{column, op, *y.value}}
		}
	}
	return out
}

// plainTexts tests texts that have no dictionary in a loop of its own; the rest
// is for other.
func plainTexts(x *node, other func(*Chunk) *Vector, test func(string) bool) func(*Chunk) *Vector {
	return func(c *Chunk) *Vector {
		v := x.eval(c)
		if v.Same || v.Codes != nil || len(v.Texts) < c.N {
			return other(c)
		}
		out := &Vector{Kind: Bool, Ints: make([]int64, c.N)}
		for i, t := range v.Texts[:c.N] {
			if test(t) {
				out.Ints[i] = 1
			}
		}
		return out
	}
}

// asText is a dynamic as its text, for operators and functions on texts.
func (b *binder) asText(n *node) *node { return n.to(String) }

func (b *binder) regex(text string, at span) *regexp.Regexp {
	if len(text) > longestRegex {
		e := place(b.q.text, at)
		e.Class, e.Code, e.Message = LimitError, "E_REGEX_TOO_LONG", "the regular expression is longer than 4096 bytes"
		panic(e)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		b.fail(at, "SEM0420", "the regular expression is not valid: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re
}

// matcher gives the test of an operator.
func matcher(op string) func(text, what string) bool {
	return func(text, what string) bool { return fixedMatcher(op, what)(text) }
}

// fixedMatcher gives the test of an operator for one right side.
func fixedMatcher(op, what string) func(text string) bool {
	folded := fold2(what)
	switch op {
	case "=~":
		return func(t string) bool { return equalFold(t, what) }
	case "contains":
		return func(t string) bool { return indexFold(t, folded) >= 0 }
	case "contains_cs":
		return func(t string) bool { return strings.Contains(t, what) }
	case "startswith":
		return func(t string) bool { return hasPrefixFold(t, folded) }
	case "startswith_cs":
		return func(t string) bool { return strings.HasPrefix(t, what) }
	case "endswith":
		return func(t string) bool { return hasSuffixFold(t, folded) }
	case "endswith_cs":
		return func(t string) bool { return strings.HasSuffix(t, what) }
	case "has":
		return func(t string) bool { return hasTerm(t, folded, true, true, true) }
	case "has_cs":
		return func(t string) bool { return hasTerm(t, what, false, true, true) }
	case "hasprefix":
		return func(t string) bool { return hasTerm(t, folded, true, true, false) }
	case "hasprefix_cs":
		return func(t string) bool { return hasTerm(t, what, false, true, false) }
	case "hassuffix":
		return func(t string) bool { return hasTerm(t, folded, true, false, true) }
	case "hassuffix_cs":
		return func(t string) bool { return hasTerm(t, what, false, false, true) }
	}
	panic("kql: no test for the operator " + op)
}

// fold2 is a text in lower case.
func fold2(s string) string { return strings.ToLower(s) }

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

// indexFold finds folded, which is in lower case, in s without case. Where s has
// other letters than ASCII the index is one in its lower case.
func indexFold(s, folded string) int {
	if folded == "" {
		return 0
	}
	if !ascii(folded) {
		return strings.Index(strings.ToLower(s), folded)
	}
	low := folded[0]
	up := low
	if low >= 'a' && low <= 'z' {
		up = low - 'a' + 'A'
	}
	// The next places of the first letter, small and large; len(s) is none.
	nextLow, nextUp := after1(s, 0, low), len(s)
	if up != low {
		nextUp = after1(s, 0, up)
	}
	for {
		i := min(nextLow, nextUp)
		if i+len(folded) > len(s) {
			return -1
		}
		j := 1
		for j < len(folded) && lowerByte(s[i+j]) == folded[j] {
			j++
		}
		if j == len(folded) {
			return i
		}
		if i == nextLow {
			nextLow = after1(s, i+1, low)
		} else {
			nextUp = after1(s, i+1, up)
		}
	}
}

// after1 is the first place of c at or behind from, or len(s).
func after1(s string, from int, c byte) int {
	if n := strings.IndexByte(s[from:], c); n >= 0 {
		return from + n
	}
	return len(s)
}

func hasPrefixFold(s, folded string) bool {
	if !ascii(folded) || !ascii(s[:min(len(s), len(folded))]) {
		return strings.HasPrefix(strings.ToLower(s), folded)
	}
	if len(s) < len(folded) {
		return false
	}
	for i := range len(folded) {
		if lowerByte(s[i]) != folded[i] {
			return false
		}
	}
	return true
}

func hasSuffixFold(s, folded string) bool {
	if !ascii(folded) || !ascii(s) {
		return strings.HasSuffix(strings.ToLower(s), folded)
	}
	return len(s) >= len(folded) && hasPrefixFold(s[len(s)-len(folded):], folded)
}

// hasTerm finds what in s where it begins (front) and ends (back) a run of
// letters and digits. With folding, what is in lower case.
func hasTerm(s, what string, folding, front, back bool) bool {
	if what == "" {
		return true
	}
	if folding && !ascii(what) {
		s, folding = strings.ToLower(s), false
	}
	for from := 0; from <= len(s); {
		var n int
		if folding {
			n = indexFold(s[from:], what)
		} else {
			n = strings.Index(s[from:], what)
		}
		if n < 0 {
			return false
		}
		at := from + n
		if (!front || edge(s, at, what, true)) && (!back || edge(s, at+len(what), what, false)) {
			return true
		}
		from = at + 1
	}
	return false
}

// edge reports whether a term may begin or end at index at: letters and digits
// do not go on over it.
func edge(s string, at int, what string, front bool) bool {
	if front {
		first, _ := utf8.DecodeRuneInString(what)
		before, n := utf8.DecodeLastRuneInString(s[:at])
		return n == 0 || !wordRune(first) || !wordRune(before)
	}
	last, _ := utf8.DecodeLastRuneInString(what)
	after, n := utf8.DecodeRuneInString(s[at:])
	return n == 0 || !wordRune(last) || !wordRune(after)
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
