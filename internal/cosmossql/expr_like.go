package cosmossql

import "unicode/utf8"

// likeExpr is x LIKE pattern [ESCAPE escape]: % is any text, _ one character,
// [a-f] one of a set, [^a-f] one outside it.
type likeExpr struct {
	x, pattern, escape expr // escape may be nil
	ready              likePattern
	constant           bool // ready holds the pattern
}

func (e *likeExpr) eval(f *frame) value {
	x := e.x.eval(f)
	if x.kind != String {
		return undefined
	}
	p := e.ready
	if !e.constant {
		var ok bool
		if p, ok = e.compile(f); !ok {
			return undefined
		}
	}
	return boolValue(p.match(x.text))
}

// compile reads the pattern as it is now; false if it is no string.
func (e *likeExpr) compile(f *frame) (likePattern, bool) {
	p := e.pattern.eval(f)
	if p.kind != String {
		return nil, false
	}
	escape := rune(-1)
	if e.escape != nil {
		v := e.escape.eval(f)
		if v.kind != String || utf8.RuneCount(v.text) != 1 {
			return nil, false
		}
		escape, _ = utf8.DecodeRune(v.text)
	}
	return parseLike([]rune(string(p.text)), escape), true
}

// likePattern is a sequence of parts.
type likePattern []likePart

// likePart matches any text, or one character.
type likePart struct {
	op  byte // '%', '_', '=' for one character, '[' for a set, '^' for all but a set
	set []runeRange
}

type runeRange struct{ low, high rune }

// parseLike reads a pattern. A bracket that does not close stands for itself.
func parseLike(p []rune, escape rune) likePattern {
	var out likePattern
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case c == escape && i+1 < len(p):
			i++
			out = append(out, likePart{'=', []runeRange{{p[i], p[i]}}})
		case c == '%':
			if len(out) == 0 || out[len(out)-1].op != '%' {
				out = append(out, likePart{op: '%'})
			}
		case c == '_':
			out = append(out, likePart{op: '_'})
		case c == '[':
			if part, n := parseLikeSet(p[i:]); n > 0 {
				out = append(out, part)
				i += n - 1
				break
			}
			fallthrough
		default:
			out = append(out, likePart{'=', []runeRange{{c, c}}})
		}
	}
	return out
}

// parseLikeSet reads [abc], [a-f] or [^…] and says how many characters it has; 0
// if it is no set.
func parseLikeSet(p []rune) (likePart, int) {
	part := likePart{op: '['}
	i := 1
	if i < len(p) && p[i] == '^' {
		part.op = '^'
		i++
	}
	for first := i; i < len(p); i++ {
		if p[i] == ']' && i > first {
			return part, i + 1
		}
		r := runeRange{p[i], p[i]}
		if i+2 < len(p) && p[i+1] == '-' && p[i+2] != ']' {
			r.high = p[i+2]
			i += 2
		}
		part.set = append(part.set, r)
	}
	return part, 0
}

// match runs the pattern over text. A % that fails is retried one character
// further, and only the last % needs to be: that is enough for a full match.
func (p likePattern) match(text []byte) bool {
	i, j := 0, 0
	star, mark := -1, 0
	for i < len(text) {
		r, n := utf8.DecodeRune(text[i:])
		switch {
		case j < len(p) && p[j].op == '%':
			star, mark = j, i
			j++
		case j < len(p) && p[j].matches(r):
			i += n
			j++
		case star >= 0:
			_, n := utf8.DecodeRune(text[mark:])
			mark += n
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(p) && p[j].op == '%' {
		j++
	}
	return j == len(p)
}

func (p likePart) matches(r rune) bool {
	if p.op == '_' {
		return true
	}
	for _, s := range p.set {
		if r >= s.low && r <= s.high {
			return p.op != '^'
		}
	}
	return p.op == '^'
}

// prefix returns the text that every match begins with, and whether the pattern
// is that text followed by %.
func (p likePattern) prefix() (text string, exact bool) {
	for i, part := range p {
		if part.op != '=' {
			return text, part.op == '%' && i == len(p)-1
		}
		text += string(part.set[0].low)
	}
	return text, false
}
