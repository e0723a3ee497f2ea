package cosmossql

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// searchFunctions look for one text in another. The last argument of most says
// whether to ignore case.
var searchFunctions = map[string]function{
	"CONTAINS":     {min: 2, max: 3, fn: searchText(bytes.Contains)},
	"ENDSWITH":     {min: 2, max: 3, fn: searchText(bytes.HasSuffix)},
	"STARTSWITH":   {min: 2, max: 3, fn: searchText(bytes.HasPrefix)},
	"STRINGEQUALS": {min: 2, max: 3, fn: searchText(bytes.Equal)},
	"INDEX_OF":     {min: 2, max: 3, fn: fnIndexOf},
	"LASTINDEXOF":  {min: 2, max: 2, fn: fnLastIndexOf},
	"REGEXMATCH":   {min: 2, max: 3, fn: fnRegexMatch, prepare: prepareRegex},
}

// searchText makes a function of two strings and a flag.
func searchText(op func(s, sub []byte) bool) builtin {
	return func(_ *frame, a []value) value {
		fold, ok := boolArg(a, 2)
		if !ok || a[0].kind != String || a[1].kind != String {
			return undefined
		}
		if fold {
			return boolValue(op(foldCase(a[0].text), foldCase(a[1].text)))
		}
		return boolValue(op(a[0].text, a[1].text))
	}
}

// foldCase gives texts that differ in case only the same form.
func foldCase(s []byte) []byte {
	return bytes.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }, s)
}

// fnIndexOf is the first position in characters from 0, or -1.
func fnIndexOf(_ *frame, a []value) value {
	if a[0].kind != String || a[1].kind != String || !optional(a, 2, Number) {
		return undefined
	}
	s, from := a[0].text, 0
	if len(a) == 3 {
		if a[2].num < 0 {
			return undefined
		}
		from = runeOffset(s, int(min(a[2].num, float64(len(s)))))
	}
	i := bytes.Index(s[from:], a[1].text)
	if i < 0 {
		return numberValue(-1)
	}
	return numberValue(float64(utf8.RuneCount(s[:from+i])))
}

func fnLastIndexOf(_ *frame, a []value) value {
	if a[0].kind != String || a[1].kind != String {
		return undefined
	}
	i := bytes.LastIndex(a[0].text, a[1].text)
	if i < 0 {
		return numberValue(-1)
	}
	return numberValue(float64(utf8.RuneCount(a[0].text[:i])))
}

// compileRegex reads a pattern with the modifiers m, s, i and x.
func compileRegex(pattern, modifiers []byte) (*regexp.Regexp, error) {
	p, flags := string(pattern), ""
	for _, m := range string(modifiers) {
		switch m {
		case 'm', 's', 'i':
			flags += string(m)
		case 'x':
			p = strings.Join(strings.Fields(p), "")
		default:
			return nil, fmt.Errorf("%q is no modifier: m, s, i and x are", string(m))
		}
	}
	if flags != "" {
		p = "(?" + flags + ")" + p
	}
	re, err := regexp.Compile(p)
	if err != nil {
		return nil, fmt.Errorf("the pattern is invalid or uses look-around or back-references, which are not supported: %w", err)
	}
	return re, nil
}

// fnRegexMatch compiles at each call: it is for patterns that are computed.
func fnRegexMatch(f *frame, a []value) value {
	if a[0].kind != String || a[1].kind != String || !optional(a, 2, String) {
		return undefined
	}
	re, err := compileRegex(a[1].text, arg(a, 2).text)
	if err != nil {
		f.run.fail(fmt.Errorf("REGEXMATCH: %w", err))
		return undefined
	}
	return boolValue(re.Match(a[0].text))
}

// prepareRegex compiles once.
func prepareRegex(rest []value) (builtin, error) {
	if rest[0].kind != String || !optional(rest, 1, String) {
		return fnRegexMatch, nil
	}
	re, err := compileRegex(rest[0].text, arg(rest, 1).text)
	if err != nil {
		return nil, err
	}
	return func(_ *frame, a []value) value {
		if a[0].kind != String {
			return undefined
		}
		return boolValue(re.Match(a[0].text))
	}, nil
}
