package streamsql

import (
	"strings"
	"unicode/utf8"
)

// likeTest compiles x LIKE pattern. Case counts. In the pattern % stands for any
// text, _ for one character, [a-z] and [^a-z] for one of a set; escape, if not 0,
// makes the next character stand for itself.
func likeTest(x, pattern *Expr, escape rune, at *site) *Expr {
	if c, ok := pattern.Constant(); ok && c.kind == String {
		p := compileLike(c.str, escape)
		if literal, ok := p.prefixOnly(); ok {
			return likePredicate(x, at, func(s string) bool { return strings.HasPrefix(s, literal) })
		}
		return likePredicate(x, at, p.matches)
	}
	return predicate(func(r *Row) truth {
		s, p := x.Eval(r), pattern.Eval(r)
		if s.kind == Null || p.kind == Null {
			return isUnknown
		}
		if s.kind != String || p.kind != String {
			at.fail(r, "LIKE takes strings, not %s and %s", s.kind, p.kind)
			return isUnknown
		}
		return truthOf(compileLike(p.str, escape).matches(s.str))
	})
}

func likePredicate(x *Expr, at *site, match func(string) bool) *Expr {
	return predicate(func(r *Row) truth {
		switch v := x.Eval(r); v.kind {
		case String:
			return truthOf(match(v.str))
		case Null:
		default:
			at.fail(r, "LIKE takes a string, not %s", v.kind.article())
		}
		return isUnknown
	})
}

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

// likeItem is one element of a pattern: any text, any one character, one of a
// set, or a literal character.
type likeItem struct {
	any    bool
	single bool
	set    []rune // pairs: from, to
	not    bool
	lit    rune
}

type likePattern []likeItem

// compileLike never fails: a bracket without an end stands for itself.
func compileLike(text string, escape rune) likePattern {
	var p likePattern
	rs := []rune(text)
	for i := 0; i < len(rs); i++ {
		switch c := rs[i]; {
		case escape != 0 && c == escape && i+1 < len(rs):
			i++
			p = append(p, likeItem{lit: rs[i]})
		case c == '%':
			if len(p) == 0 || !p[len(p)-1].any {
				p = append(p, likeItem{any: true})
			}
		case c == '_':
			p = append(p, likeItem{single: true})
		case c == '[':
			item, n := likeSet(rs[i:])
			p = append(p, item)
			i += n - 1
		default:
			p = append(p, likeItem{lit: c})
		}
	}
	return p
}

// likeSet reads [abc], [a-z] or [^a-z] and returns how long it is.
func likeSet(rs []rune) (likeItem, int) {
	item := likeItem{set: []rune{}}
	i := 1
	if i < len(rs) && rs[i] == '^' {
		item.not = true
		i++
	}
	for first := i; i < len(rs); i++ {
		if rs[i] == ']' && i > first {
			return item, i + 1
		}
		from := rs[i]
		to := from
		if i+2 < len(rs) && rs[i+1] == '-' && rs[i+2] != ']' {
			to = rs[i+2]
			i += 2
		}
		item.set = append(item.set, from, to)
	}
	return likeItem{lit: '['}, 1
}

func (it *likeItem) takes(c rune) bool {
	switch {
	case it.single:
		return true
	case it.set == nil:
		return c == it.lit
	}
	for i := 0; i < len(it.set); i += 2 {
		if c >= it.set[i] && c <= it.set[i+1] {
			return !it.not
		}
	}
	return it.not
}

// prefixOnly returns the text of a pattern that is plain text and a final %.
func (p likePattern) prefixOnly() (string, bool) {
	if len(p) == 0 || !p[len(p)-1].any {
		return "", false
	}
	var sb strings.Builder
	for _, it := range p[:len(p)-1] {
		if it.any || it.single || it.set != nil {
			return "", false
		}
		sb.WriteRune(it.lit)
	}
	return sb.String(), true
}

// matches says whether the whole of s matches. It goes back only to the last %,
// so it takes at most len(s) x len(p) steps.
func (p likePattern) matches(s string) bool {
	pi, si := 0, 0
	backP, backS := -1, 0
	for si < len(s) {
		c, n := utf8.DecodeRuneInString(s[si:])
		switch {
		case pi < len(p) && p[pi].any:
			backP, backS = pi, si
			pi++
		case pi < len(p) && p[pi].takes(c):
			pi++
			si += n
		case backP >= 0:
			_, m := utf8.DecodeRuneInString(s[backS:])
			backS += m
			pi, si = backP+1, backS
		default:
			return false
		}
	}
	for pi < len(p) && p[pi].any {
		pi++
	}
	return pi == len(p)
}
