package functions

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// route is a parsed route template, in ASP.NET's syntax: literal text and
// {name} parameters in segments between slashes, with constraints
// {id:int:min(1)}, optional {name?}, defaults {name=value} and a catch-all
// {*rest} at the end. Literals match without regard to case.
//
// Constraints: int, long, bool, guid, alpha, decimal, double, float, datetime,
// min, max, range, length, minlength, maxlength, regex, required, file, nonfile.
type route struct {
	text     string
	segments []segment
}

// segment is one path segment: literals and parameters in turn.
type segment struct {
	pieces []piece
}

type piece struct {
	literal     string
	name        string // "" for a literal
	optional    bool
	catchAll    bool
	fallback    string
	hasFallback bool
	constraints []constraint
}

// parseRoute reads a template. A leading slash is dropped, as in Azure.
func parseRoute(text string) (*route, error) {
	r := &route{text: text}
	trimmed := strings.TrimSuffix(strings.TrimPrefix(text, "/"), "/")
	if trimmed == "" {
		return r, nil
	}
	parts, err := splitSegments(trimmed)
	if err != nil {
		return nil, r.invalid(err.Error())
	}
	seen := map[string]bool{}
	for i, part := range parts {
		s, problem := parseSegment(part)
		if problem != "" {
			return nil, r.invalid(problem)
		}
		if problem := s.check(i == len(parts)-1, seen); problem != "" {
			return nil, r.invalid(problem)
		}
		r.segments = append(r.segments, s)
	}
	return r, nil
}

// nameInBraces is the name in a parameter, which does not matter to what matches.
var nameInBraces = regexp.MustCompile(`\{(\*{0,2})[^:?=}]*`)

// shape is what two routes have in common that match the same paths.
func (r *route) shape() string {
	return strings.ToLower(nameInBraces.ReplaceAllString(strings.Trim(r.text, "/"), "{$1"))
}

func (r *route) invalid(problem string) error {
	return fault.New(fault.Invalid, "route "+strconv.Quote(r.text), "%s", problem)
}

// splitSegments cuts at slashes outside of braces.
func splitSegments(text string) ([]string, error) {
	var parts []string
	depth, start := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth < 0 {
				return nil, fault.New(fault.Invalid, "", "\"}\" without \"{\"")
			}
		case '/':
			if depth > 0 {
				continue
			}
			if i == start {
				return nil, fault.New(fault.Invalid, "", "two slashes in a row")
			}
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	if depth > 0 {
		return nil, fault.New(fault.Invalid, "", "\"{\" without \"}\"")
	}
	if start > 0 && start == len(text) { // one slash at the end has been cut off before
		return nil, fault.New(fault.Invalid, "", "two slashes in a row")
	}
	return append(parts, text[start:]), nil
}

func parseSegment(text string) (segment, string) {
	var s segment
	for text != "" {
		open := strings.IndexByte(text, '{')
		if open != 0 {
			literal := text
			if open > 0 {
				literal = text[:open]
			}
			s.pieces = append(s.pieces, piece{literal: literal})
			text = text[len(literal):]
			continue
		}
		end := closingBrace(text)
		if end < 0 {
			return s, "\"{\" without \"}\""
		}
		p, problem := parseParameter(text[1:end])
		if problem != "" {
			return s, problem
		}
		s.pieces = append(s.pieces, p)
		text = text[end+1:]
	}
	return s, ""
}

// closingBrace finds the brace that closes the one at 0; constraints such as
// regex may hold braces of their own.
func closingBrace(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

func parseParameter(text string) (piece, string) {
	var p piece
	if rest, ok := strings.CutPrefix(text, "*"); ok {
		p.catchAll = true
		text = strings.TrimPrefix(rest, "*")
	}
	name, constraints := cutOutside(text, ':')
	if before, fallback, ok := strings.Cut(name, "="); ok {
		name, p.fallback, p.hasFallback = before, fallback, true
	}
	if constraints != "" && strings.HasSuffix(constraints, "?") {
		p.optional, constraints = true, strings.TrimSuffix(constraints, "?")
	}
	if before, ok := strings.CutSuffix(name, "?"); ok {
		name, p.optional = before, true
	}
	if !parameterName.MatchString(name) {
		return p, strconv.Quote(name) + " is not a parameter name"
	}
	p.name = name
	for constraints != "" {
		var one string
		one, constraints = cutOutside(constraints, ':')
		if before, fallback := cutOutside(one, '='); fallback != "" {
			one, p.fallback, p.hasFallback = before, fallback, true
		}
		c, problem := parseConstraint(one)
		if problem != "" {
			return p, problem
		}
		p.constraints = append(p.constraints, c)
	}
	return p, ""
}

// cutOutside cuts at the first separator outside of parentheses.
func cutOutside(text string, separator byte) (before, after string) {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		case separator:
			if depth == 0 {
				return text[:i], text[i+1:]
			}
		}
	}
	return text, ""
}

// check applies the rules across a segment.
func (s segment) check(last bool, seen map[string]bool) string {
	previous := ""
	for i, p := range s.pieces {
		if p.name == "" {
			previous = ""
			continue
		}
		switch {
		case seen[strings.ToLower(p.name)]:
			return "{" + p.name + "} appears twice"
		case p.catchAll && (!last || len(s.pieces) > 1):
			return "{*" + p.name + "} must be the whole last segment"
		case p.optional && (!last || len(s.pieces) > 1 && !s.endsInExtension(i)):
			return "{" + p.name + "?} must be the whole last segment, or what is behind its last full stop"
		case previous != "":
			return "{" + previous + "} and {" + p.name + "} need text between them"
		}
		seen[strings.ToLower(p.name)] = true
		previous = p.name
	}
	return ""
}

// endsInExtension reports whether the piece is the last and behind a full stop, as in
// {name}.{ext?}: then both may be missing.
func (s segment) endsInExtension(at int) bool {
	return at == len(s.pieces)-1 && at >= 2 && s.pieces[at-1].literal == "."
}

// match compares a path, without leading slash and already split and decoded
// at slashes, and returns the parameters.
func (r *route) match(path []string) (map[string]string, bool) {
	params := map[string]string{}
	for i, s := range r.segments {
		if len(s.pieces) == 1 && s.pieces[0].catchAll {
			return params, s.pieces[0].takeRest(path[min(i, len(path)):], params)
		}
		if i >= len(path) {
			if !s.absent(params) {
				return nil, false
			}
			continue
		}
		if !s.match(path[i], params) {
			return nil, false
		}
	}
	return params, len(path) <= len(r.segments)
}

func (p piece) takeRest(rest []string, params map[string]string) bool {
	value := strings.Join(rest, "/")
	if value == "" && p.hasFallback {
		value = p.fallback
	}
	if value == "" {
		return true // no value, as in ASP.NET, rather than an empty one
	}
	if !p.allows(value) {
		return false
	}
	params[p.name] = value
	return true
}

// absent reports whether the segment may be missing, and fills its default in.
func (s segment) absent(params map[string]string) bool {
	p := s.pieces[0]
	if len(s.pieces) != 1 || p.name == "" || !p.optional && !p.hasFallback {
		return false
	}
	if p.hasFallback {
		params[p.name] = p.fallback
	}
	return true
}

// match compares one path segment. A parameter takes as much as leaves the
// literal after it its last occurrence.
func (s segment) match(text string, params map[string]string) bool {
	last := len(s.pieces) - 1
	if s.matchPieces(s.pieces, text, params) {
		return true
	}
	return s.pieces[last].optional && s.endsInExtension(last) && s.matchPieces(s.pieces[:last-1], text, params)
}

func (segment) matchPieces(pieces []piece, text string, params map[string]string) bool {
	for i, p := range pieces {
		if p.name == "" {
			if len(text) < len(p.literal) || !strings.EqualFold(text[:len(p.literal)], p.literal) {
				return false
			}
			text = text[len(p.literal):]
			continue
		}
		value := text
		if i+1 < len(pieces) {
			at := lastIndexFold(text, pieces[i+1].literal)
			if at < 0 {
				return false
			}
			value = text[:at]
		}
		if value == "" || !p.allows(value) {
			return false
		}
		params[p.name] = value
		text = text[len(value):]
	}
	return text == ""
}

// lastIndexFold is strings.LastIndex without regard to case. Changing the case
// first would not do: it can change the length.
func lastIndexFold(text, part string) int {
	for i := len(text) - len(part); i >= 0; i-- {
		if strings.EqualFold(text[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}

func (p piece) allows(value string) bool {
	for _, c := range p.constraints {
		if !c(value) {
			return false
		}
	}
	return true
}

// rank orders routes: the more specific one wins. Per segment a literal beats
// a mixed one, that a constrained parameter, that a bare one, that a
// catch-all.
func (r *route) rank() string {
	out := make([]byte, 0, len(r.segments)+1)
	for _, s := range r.segments {
		out = append(out, s.rank())
	}
	return string(append(out, '9'))
}

func (s segment) rank() byte {
	p := s.pieces[0]
	switch {
	case len(s.pieces) > 1:
		return '2'
	case p.name == "":
		return '1'
	case p.catchAll:
		return '8'
	case len(p.constraints) > 0:
		return '3'
	case p.optional || p.hasFallback:
		return '5'
	}
	return '4'
}
