package cosmossql

import (
	"regexp"
	"strings"
)

// expandQuotes writes \Q…\E, which quotes what is between, as single escapes.
func expandQuotes(p string) string {
	if !strings.Contains(p, `\Q`) {
		return p
	}
	var out strings.Builder
	for i := 0; i < len(p); i++ {
		switch {
		case p[i] != '\\' || i+1 == len(p):
			out.WriteByte(p[i])
		case p[i+1] != 'Q':
			out.WriteString(p[i : i+2])
			i++
		default:
			quoted, _, _ := strings.Cut(p[i+2:], `\E`)
			out.WriteString(regexp.QuoteMeta(quoted))
			i += len(`\Q`) + len(quoted) + len(`\E`) - 1
		}
	}
	return out.String()
}

// foreignEscapes are the letters that, behind a backslash, mean something to
// PCRE alone.
const foreignEscapes = "hHRXKNCvVg"

// onlyPCRE names the first part of a pattern that only PCRE understands, or
// that would mean something else to the engines here; "" if there is none.
func onlyPCRE(p string) string {
	quantified := false // the part before is a quantifier
	inClass := 0        // where the character class at hand has its first character
	for i := 0; i < len(p); i++ {
		was := quantified
		quantified = false
		c := p[i]
		switch {
		case c == '\\':
			i++
			if i < len(p) && strings.IndexByte(foreignEscapes, p[i]) >= 0 {
				return p[i-1 : i+1]
			}
		case inClass > 0:
			if c == '[' && strings.HasPrefix(p[i:], "[:") {
				i += max(strings.Index(p[i:], ":]")+1, 0)
			} else if c == ']' && i > inClass {
				inClass = 0
			}
		case c == '[':
			inClass = i + 1
			if strings.HasPrefix(p[i:], "[^") {
				inClass++
			}
		case c == '(':
			if what := groupOnlyPCRE(p[i:]); what != "" {
				return what
			}
			if strings.HasPrefix(p[i:], "(?") {
				i++ // which is no quantifier
			}
		case c == '+' && was:
			return "a possessive quantifier, " + p[i-1:i+1] + " (an atomic group, (?>…), does the same)"
		case c == '*' || c == '+' || c == '?' || c == '}' && closesCount(p[:i]):
			quantified = !was
		}
	}
	return ""
}

// closesCount says whether a brace behind p ends a count, as in {2,3}.
func closesCount(p string) bool {
	open := strings.LastIndexByte(p, '{')
	return open >= 0 && open < len(p)-1 && strings.Trim(p[open+1:], "0123456789,") == ""
}

// foreignGroups are groups that only PCRE has, by how they begin.
var foreignGroups = [...]struct{ prefix, what string }{
	{"(?R", "recursion"},
	{"(?+", "a call of a group"},
	{"(?&", "a call of a group"},
	{"(?P>", "a call of a group"},
	{"(?|", "a group with branch reset"},
	{"(?C", "a callout"},
}

// groupOnlyPCRE names the group that p begins with if only PCRE has it.
func groupOnlyPCRE(p string) string {
	for _, g := range foreignGroups {
		if strings.HasPrefix(p, g.prefix) {
			return g.what + ", " + g.prefix
		}
	}
	switch {
	case len(p) > 2 && p[1] == '*' && p[2] >= 'A' && p[2] <= 'Z':
		return "a verb, " + p[:3] + "…"
	case len(p) > 3 && p[1] == '?' && (isDigit(p[2]) || p[2] == '-' && isDigit(p[3])):
		return "a call of a group, " + p[:3]
	}
	return ""
}
