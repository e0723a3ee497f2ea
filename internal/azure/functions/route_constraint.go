package functions

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// constraint reports whether a route value is allowed.
type constraint func(value string) bool

var (
	guidText  = regexp.MustCompile(`^(?i)\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?$`)
	alphaText = regexp.MustCompile(`^[A-Za-z]*$`)
)

// plainConstraints take no argument.
var plainConstraints = map[string]constraint{
	"int":      func(v string) bool { _, err := strconv.ParseInt(v, 10, 32); return err == nil },
	"long":     func(v string) bool { _, err := strconv.ParseInt(v, 10, 64); return err == nil },
	"bool":     func(v string) bool { return strings.EqualFold(v, "true") || strings.EqualFold(v, "false") },
	"guid":     guidText.MatchString,
	"alpha":    alphaText.MatchString,
	"decimal":  isNumber,
	"double":   isNumber,
	"float":    isNumber,
	"datetime": isTime,
	"required": func(v string) bool { return v != "" },
	"file":     isFileName,
	"nonfile":  func(v string) bool { return !isFileName(v) },
}

// isFileName reports whether the last part of a value has a full stop that is not its end.
func isFileName(v string) bool {
	v = v[strings.LastIndexByte(v, '/')+1:]
	at := strings.LastIndexByte(v, '.')
	return at >= 0 && at < len(v)-1
}

func isNumber(v string) bool {
	_, err := strconv.ParseFloat(v, 64)
	return err == nil
}

func isTime(v string) bool {
	for _, layout := range []string{time.RFC3339, "2006-01-02", "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if _, err := time.Parse(layout, v); err == nil {
			return true
		}
	}
	return false
}

// parseConstraint reads "int" or "range(1,10)". Unknown names are refused: a
// route that ignored one would match too much.
func parseConstraint(text string) (constraint, string) {
	name, rest, hasArgument := strings.Cut(text, "(")
	name = strings.ToLower(name)
	if !hasArgument {
		if c, ok := plainConstraints[name]; ok {
			return c, ""
		}
		return nil, "unknown constraint " + strconv.Quote(text)
	}
	argument, ok := strings.CutSuffix(rest, ")")
	if !ok {
		return nil, "constraint " + strconv.Quote(text) + " lacks its closing parenthesis"
	}
	if name == "regex" {
		re, err := regexp.Compile("(?i)" + argument)
		if err != nil {
			return nil, "constraint " + strconv.Quote(text) + " is not a regular expression"
		}
		return re.MatchString, ""
	}
	return numericConstraint(name, text, strings.Split(argument, ","))
}

func numericConstraint(name, text string, arguments []string) (constraint, string) {
	n := make([]int64, len(arguments))
	for i, a := range arguments {
		v, err := strconv.ParseInt(strings.TrimSpace(a), 10, 64)
		if err != nil {
			return nil, "constraint " + strconv.Quote(text) + " needs whole numbers"
		}
		n[i] = v
	}
	number := func(v string, ok func(int64) bool) bool {
		i, err := strconv.ParseInt(v, 10, 64)
		return err == nil && ok(i)
	}
	length := func(v string) int64 { return int64(utf8.RuneCountInString(v)) }
	switch {
	case name == "min" && len(n) == 1:
		return func(v string) bool { return number(v, func(i int64) bool { return i >= n[0] }) }, ""
	case name == "max" && len(n) == 1:
		return func(v string) bool { return number(v, func(i int64) bool { return i <= n[0] }) }, ""
	case name == "range" && len(n) == 2:
		return func(v string) bool { return number(v, func(i int64) bool { return i >= n[0] && i <= n[1] }) }, ""
	case name == "minlength" && len(n) == 1:
		return func(v string) bool { return length(v) >= n[0] }, ""
	case name == "maxlength" && len(n) == 1:
		return func(v string) bool { return length(v) <= n[0] }, ""
	case name == "length" && len(n) == 1:
		return func(v string) bool { return length(v) == n[0] }, ""
	case name == "length" && len(n) == 2:
		return func(v string) bool { return length(v) >= n[0] && length(v) <= n[1] }, ""
	}
	return nil, "unknown constraint " + strconv.Quote(text)
}
