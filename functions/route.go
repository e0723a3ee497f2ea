package functions

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// route is a parsed route template: segments separated by slashes, each
// literal text or one parameter, as in "devices/{id:int}/events/{*rest}".
// Hosts match the same templates; a custom handler has to match again,
// because a forwarded request does not say which function it is for.
type route []segment

type segment struct {
	literal    string // or a parameter:
	name       string
	optional   bool // {name?}: only in the last segment
	rest       bool // {*name}: everything that follows; only the last segment
	constraint string
}

var paramName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

func parseRoute(template string) (route, error) {
	var out route
	if template == "" {
		return out, nil
	}
	seen := map[string]bool{}
	for _, part := range strings.Split(template, "/") {
		if part == "" {
			return nil, errors.New("an empty segment")
		}
		if len(out) > 0 && (out[len(out)-1].optional || out[len(out)-1].rest) {
			return nil, fmt.Errorf("{%s} must be the last segment", out[len(out)-1].name)
		}
		s, err := parseSegment(part)
		if err != nil {
			return nil, err
		}
		if key := strings.ToLower(s.name); key != "" {
			if seen[key] {
				return nil, fmt.Errorf("parameter {%s} appears twice", s.name)
			}
			seen[key] = true
		}
		out = append(out, s)
	}
	return out, nil
}

func parseSegment(part string) (segment, error) {
	if !strings.ContainsAny(part, "{}") {
		return segment{literal: part}, nil
	}
	inner, isParam := strings.CutPrefix(part, "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if !isParam || !closed || strings.ContainsAny(inner, "{}") {
		return segment{}, fmt.Errorf("segment %q: a parameter is a whole segment in braces", part)
	}
	var s segment
	if inner, s.rest = strings.CutPrefix(inner, "*"); !s.rest {
		inner, s.optional = strings.CutSuffix(inner, "?")
	}
	s.name, s.constraint, _ = strings.Cut(inner, ":")
	if !paramName.MatchString(s.name) {
		return segment{}, fmt.Errorf("segment %q: %q is not a parameter name", part, s.name)
	}
	return s, nil
}

// constraints are those a custom handler can check by itself.
var constraints = map[string]func(string) bool{
	"":      func(string) bool { return true },
	"int":   func(s string) bool { _, err := strconv.ParseInt(s, 10, 32); return err == nil },
	"long":  func(s string) bool { _, err := strconv.ParseInt(s, 10, 64); return err == nil },
	"bool":  func(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") },
	"alpha": regexp.MustCompile(`^[A-Za-z]*$`).MatchString,
	"guid": regexp.MustCompile(
		`^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$`).MatchString,
}

// unsupported names the first constraint that a custom handler cannot check,
// or returns "".
func (r route) unsupported() string {
	for _, s := range r {
		if constraints[s.constraint] == nil {
			return s.constraint
		}
	}
	return ""
}

// match returns the parameters of a path without leading slash. Literals
// ignore case, as the hosts' routing does.
func (r route) match(path string) (params map[string]string, ok bool) {
	params = map[string]string{}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if parts[0] == "" {
		parts = nil
	}
	for i, s := range r {
		switch {
		case s.rest:
			params[s.name] = strings.Join(parts[min(i, len(parts)):], "/")
			return params, true
		case i >= len(parts):
			return params, s.optional
		case s.name == "":
			if !strings.EqualFold(s.literal, parts[i]) {
				return nil, false
			}
		default:
			check := constraints[s.constraint]
			if check == nil || !check(parts[i]) {
				return nil, false
			}
			params[s.name] = parts[i]
		}
	}
	return params, len(parts) == len(r)
}
