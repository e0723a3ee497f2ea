package cosmossql

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// regex is a compiled pattern of REGEXMATCH, whose syntax is that of PCRE.
//
// There are two engines. What Go's regexp can read runs there, in linear time.
// Look-around, back-references, atomic groups, conditions and comments run in a
// backtracking engine, which some patterns keep busy for years: it has a time
// limit for one match and one for all matches of a page. What neither knows but
// PCRE does is refused by name (see onlyPCRE), and a pattern that is none in
// PCRE either is undefined.
type regex struct {
	linear       *regexp.Regexp
	backtracking *regexp2.Regexp
	dollar       bool // $ may stand before a closing line feed
}

// Limits of the backtracking engine.
const (
	maxRegexMatch = time.Second     // for one match
	maxRegexPage  = 3 * time.Second // for all of a page
)

// errBadPattern is a pattern that means nothing.
var errBadPattern = errors.New("not a regular expression")

// errSlowRegex is a match that was given up.
var errSlowRegex = fault.New(fault.Invalid, "query", "REGEXMATCH gave up: the pattern backtracks for more than %v on one text or %v on a page, or too deep; anchor it, or make nested repetitions atomic, as in (?>a+)b", maxRegexMatch, maxRegexPage)

// compileRegex reads a pattern with the modifiers m, s, i and x. Its error is
// errBadPattern or says what is not supported.
func compileRegex(pattern, modifiers []byte) (*regex, error) {
	p, flags, options := expandQuotes(string(pattern)), "", regexp2.RE2
	for _, m := range string(modifiers) {
		switch m {
		case 'm':
			options |= regexp2.Multiline
		case 's':
			options |= regexp2.Singleline
		case 'i':
			options |= regexp2.IgnoreCase
		case 'x':
			options |= regexp2.IgnorePatternWhitespace
		default:
			return nil, fmt.Errorf("%q is no modifier: m, s, i and x are", string(m))
		}
		flags += string(m)
	}
	if what := onlyPCRE(p); what != "" {
		return nil, fmt.Errorf("the pattern uses %s, which this engine does not have: write it without", what)
	}
	re := &regex{dollar: strings.Contains(p, "$") && !strings.Contains(flags, "m")}
	var err error
	if !strings.Contains(flags, "x") {
		if flags != "" {
			flags = "(?" + flags + ")"
		}
		if re.linear, err = regexp.Compile(flags + p); err == nil {
			return re, nil
		}
	}
	if re.backtracking, err = regexp2.Compile(p, options); err != nil {
		return nil, errBadPattern
	}
	re.backtracking.MatchTimeout = maxRegexMatch
	return re, nil
}

// match says whether the pattern occurs in text.
func (re *regex) match(r *running, text []byte) value {
	found, err := re.find(r, text)
	if err == nil && !found && re.dollar && bytes.HasSuffix(text, []byte("\n")) {
		found, err = re.find(r, text[:len(text)-1])
	}
	if err != nil {
		r.fail(err)
		return undefined
	}
	return boolValue(found)
}

func (re *regex) find(r *running, text []byte) (bool, error) {
	if re.linear != nil {
		return re.linear.Match(text), nil
	}
	if r.regexTime > maxRegexPage {
		return false, errSlowRegex
	}
	start := time.Now()
	found, err := re.backtracking.MatchString(string(text))
	r.regexTime += time.Since(start)
	if err != nil {
		return false, errSlowRegex
	}
	return found, nil
}

// fnRegexMatch compiles at each call: it is for patterns that are computed.
func fnRegexMatch(f *frame, a []value) value {
	if a[0].kind != String || a[1].kind != String || !optional(a, 2, String) {
		return undefined
	}
	re, err := compileRegex(a[1].text, arg(a, 2).text)
	switch {
	case errors.Is(err, errBadPattern):
		return undefined
	case err != nil:
		f.run.fail(fault.Wrap(fault.Invalid, "query", err, "REGEXMATCH"))
		return undefined
	}
	return re.match(f.run, a[0].text)
}

// prepareRegex compiles once.
func prepareRegex(rest []value) (builtin, error) {
	if rest[0].kind != String || !optional(rest, 1, String) {
		return fnRegexMatch, nil
	}
	re, err := compileRegex(rest[0].text, arg(rest, 1).text)
	switch {
	case errors.Is(err, errBadPattern):
		return func(*frame, []value) value { return undefined }, nil
	case err != nil:
		return nil, err
	}
	return func(f *frame, a []value) value {
		if a[0].kind != String {
			return undefined
		}
		return re.match(f.run, a[0].text)
	}, nil
}
