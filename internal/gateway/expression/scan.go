package expression

import "strings"

// End returns where the expression ends that begins at text[at], which is the bracket
// behind its @: the index after the bracket that closes it. Brackets in strings,
// characters and comments do not count.
func End(src string, at int, pos Pos) (int, error) {
	s := scanner{src, at, pos}
	return s.brackets(0)
}

// scanner passes over C# without understanding more than its brackets.
type scanner struct {
	src string
	at  int
	pos Pos // of the expression
}

func (s *scanner) brackets(depth int) (int, error) {
	var open []byte
	for s.at < len(s.src) {
		rest := s.src[s.at:]
		switch c := rest[0]; {
		case c == '(' || c == '{' || c == '[':
			if open = append(open, c); len(open)+depth > maxNested {
				return 0, faultAt(s.pos, "brackets are nested too deeply")
			}
			s.at++
		case c == ')' || c == '}' || c == ']':
			if len(open) == 0 || open[len(open)-1] != map[byte]byte{')': '(', '}': '{', ']': '['}[c] {
				return 0, faultAt(s.pos, "the expression's brackets do not match: %c is one too many", c)
			}
			s.at++
			if open = open[:len(open)-1]; len(open) == 0 {
				return s.at, nil
			}
		case strings.HasPrefix(rest, "//"):
			if s.at += strings.IndexByte(rest+"\n", '\n'); s.at > len(s.src) {
				s.at = len(s.src)
			}
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return 0, faultAt(s.pos, "a comment of the expression has no end")
			}
			s.at += end + 4
		case c == '"' || c == '\'' || c == '$' || c == '@':
			if err := s.literal(len(open) + depth); err != nil {
				return 0, err
			}
		default:
			s.at++
		}
	}
	return 0, faultAt(s.pos, "the expression has no end: a bracket is not closed")
}

// literal passes over a string or a character, or one byte that begins neither.
func (s *scanner) literal(depth int) error {
	rest := s.src[s.at:]
	verbatim, holes, quote := false, false, byte(0)
	for i := 0; i < len(rest) && i < 3 && quote == 0; i++ {
		switch {
		case rest[i] == '@':
			verbatim = true
		case rest[i] == '$':
			holes = true
		case rest[i] == '"' || rest[i] == '\'' && i == 0:
			quote = rest[i]
			s.at += i + 1
		default:
			s.at++
			return nil
		}
	}
	if quote == 0 {
		s.at++
		return nil
	}
	for s.at < len(s.src) {
		rest := s.src[s.at:]
		switch {
		case rest[0] == '\\' && !verbatim && len(rest) > 1, verbatim && strings.HasPrefix(rest, `""`), holes && (strings.HasPrefix(rest, "{{") || strings.HasPrefix(rest, "}}")):
			s.at += 2
		case rest[0] == quote:
			s.at++
			return nil
		case holes && rest[0] == '{':
			if _, err := s.brackets(depth + 1); err != nil {
				return err
			}
		case rest[0] == '\n' && !verbatim:
			return faultAt(s.pos, "a string of the expression has no end on its line")
		default:
			s.at++
		}
	}
	return faultAt(s.pos, "a string of the expression has no end")
}
