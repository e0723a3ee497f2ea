package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// template is a compiled URL template: /a/{b}/*?c={d}.
type template struct {
	segments []segment
	rest     string // the name of what a wildcard at the end takes: "*" without one
	wild     bool
	query    []queryParam
}

// segment is a part of a path: literal, or prefix{name}suffix.
type segment struct{ prefix, name, suffix string }

// queryParam must be in the query; a name of "" asks for that value.
type queryParam struct{ key, name, value string }

var errBraces = errors.New("its braces do not match")

func parseTemplate(text string) (template, error) {
	var t template
	path, query, _ := strings.Cut(text, "?")
	if len(text) > 1000 {
		return t, errors.New("it has more than 1000 characters")
	}
	seen := map[string]bool{}
	for i, part := range segmentsOf(path) {
		if t.wild {
			return t, errors.New("nothing stands behind a wildcard")
		}
		if part == "*" {
			t.wild, t.rest = true, "*"
			continue
		}
		if name, ok := strings.CutPrefix(part, "{*"); ok && strings.HasSuffix(name, "}") {
			t.wild, t.rest = true, strings.TrimSuffix(name, "}")
			continue
		}
		s, err := parseSegment(part)
		if err != nil {
			return t, err
		}
		if key := strings.ToLower(s.name); s.name != "" {
			if seen[key] {
				return t, fmt.Errorf("the parameter %s is there twice", s.name)
			}
			seen[key] = true
		}
		if i > 100 {
			return t, errors.New("it has more than 100 segments")
		}
		t.segments = append(t.segments, s)
	}
	for _, pair := range strings.Split(query, "&") {
		if pair == "" {
			continue
		}
		key, v, _ := strings.Cut(pair, "=")
		p := queryParam{key: key, value: v}
		if strings.HasPrefix(v, "{") && strings.HasSuffix(v, "}") {
			p.name, p.value = strings.Trim(v, "{}"), ""
		}
		t.query = append(t.query, p)
	}
	return t, nil
}

func parseSegment(part string) (segment, error) {
	open := strings.IndexByte(part, '{')
	if open < 0 {
		if strings.ContainsRune(part, '}') {
			return segment{}, errBraces
		}
		return segment{prefix: part}, nil
	}
	end := strings.IndexByte(part, '}')
	if end < open+2 {
		return segment{}, errBraces
	}
	s := segment{part[:open], part[open+1 : end], part[end+1:]}
	if strings.ContainsAny(s.suffix, "{}") || strings.ContainsAny(s.name, "{*") {
		return segment{}, errors.New("a segment has one parameter at most")
	}
	return s, nil
}

func segmentsOf(path string) []string {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// match holds a path, cut at its slashes and still escaped, against the template. It
// puts what parameters took into matched.
func (t *template) match(parts []string, query url.Values, matched map[string]string) bool {
	if len(parts) < len(t.segments) || len(parts) > len(t.segments) && !t.wild {
		return false
	}
	for i, s := range t.segments {
		if !s.match(parts[i], matched) {
			return false
		}
	}
	for _, q := range t.query {
		v, ok := lookup(query, q.key)
		if !ok || q.name == "" && v != q.value {
			return false
		}
		if q.name != "" {
			matched[q.name] = v
		}
	}
	if t.wild && t.rest != "*" {
		rest := strings.Join(parts[len(t.segments):], "/")
		if plain, err := url.PathUnescape(rest); err == nil {
			rest = plain
		}
		matched[t.rest] = rest
	}
	return true
}

func lookup(query url.Values, key string) (string, bool) {
	if v, ok := query[key]; ok {
		return v[0], true
	}
	for k, v := range query {
		if strings.EqualFold(k, key) {
			return v[0], true
		}
	}
	return "", false
}

func (s segment) match(part string, matched map[string]string) bool {
	plain := part
	if strings.IndexByte(part, '%') >= 0 {
		if p, err := url.PathUnescape(part); err == nil {
			plain = p
		}
	}
	if s.name == "" {
		return strings.EqualFold(plain, s.prefix)
	}
	n := len(plain) - len(s.suffix)
	if n <= len(s.prefix) || !strings.EqualFold(plain[:len(s.prefix)], s.prefix) || !strings.EqualFold(plain[n:], s.suffix) {
		return false
	}
	matched[s.name] = plain[len(s.prefix):n]
	return true
}

// rank is how much a segment says: what says more is tried first.
func (s segment) rank() int {
	switch {
	case s.name == "":
		return 0
	case s.prefix != "" || s.suffix != "":
		return 1
	}
	return 2
}

// compare orders templates: literal, parameter, wildcard, the leftmost segment first;
// then those that ask for more of the query.
func (t template) compare(o template) int {
	for i := range max(len(t.segments), len(o.segments)) {
		a, b := 3, 3
		if i < len(t.segments) {
			a = t.segments[i].rank()
		}
		if i < len(o.segments) {
			b = o.segments[i].rank()
		}
		if a != b {
			return cmp.Compare(a, b)
		}
	}
	if t.wild != o.wild {
		if o.wild {
			return -1
		}
		return 1
	}
	return cmp.Compare(len(o.query), len(t.query))
}

// same reports whether two templates take the same paths.
func (t template) same(o template) bool {
	return t.wild == o.wild && slices.EqualFunc(t.segments, o.segments, func(a, b segment) bool {
		return a.rank() == b.rank() && strings.EqualFold(a.prefix, b.prefix) && strings.EqualFold(a.suffix, b.suffix)
	}) && slices.EqualFunc(t.query, o.query, func(a, b queryParam) bool {
		return strings.EqualFold(a.key, b.key) && (a.name == "") == (b.name == "") && a.value == b.value
	})
}

func (t template) queryNames() (all []string) {
	for _, q := range t.query {
		all = append(all, q.key)
	}
	return all
}
