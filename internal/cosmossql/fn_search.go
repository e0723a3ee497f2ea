package cosmossql

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// searchFunctions look for one text in another. The last argument of most says
// whether to ignore case.
var searchFunctions = map[string]function{
	"CONTAINS":        {min: 2, max: 3, fn: searchText(bytes.Contains)},
	"CONTAINS_ALL_CI": {min: 2, max: -1, fn: searchMany(true, falseValue)},
	"CONTAINS_ALL_CS": {min: 2, max: -1, fn: searchMany(false, falseValue)},
	"CONTAINS_ANY_CI": {min: 2, max: -1, fn: searchMany(true, trueValue)},
	"CONTAINS_ANY_CS": {min: 2, max: -1, fn: searchMany(false, trueValue)},
	"ENDSWITH":        {min: 2, max: 3, fn: searchText(bytes.HasSuffix)},
	"STARTSWITH":      {min: 2, max: 3, fn: searchText(bytes.HasPrefix)},
	"STRINGEQUALS":    {min: 2, max: 3, fn: searchText(bytes.Equal)},
	"INDEX_OF":        {min: 2, max: 3, fn: fnIndexOf},
	"LASTINDEXOF":     {min: 2, max: 3, fn: fnLastIndexOf},
	"REGEXMATCH":      {min: 2, max: 3, fn: fnRegexMatch, prepare: prepareRegex},
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

// searchMany is CONTAINS of each further text joined by AND or OR: the first
// answer that decides is the result, and else a text that is no string makes it
// undefined.
func searchMany(fold bool, decides value) builtin {
	return func(_ *frame, a []value) value {
		if a[0].kind != String {
			return undefined
		}
		s := a[0].text
		if fold {
			s = foldCase(s)
		}
		all := boolValue(decides.kind != True)
		for _, v := range a[1:] {
			sub := v.text
			if fold {
				sub = foldCase(sub)
			}
			switch {
			case v.kind != String:
				all = undefined
			case bytes.Contains(s, sub) == (decides.kind == True):
				return decides
			}
		}
		return all
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

// fnLastIndexOf is the last position in characters from 0, or -1. A third
// argument is the last character that may belong to what is found.
func fnLastIndexOf(_ *frame, a []value) value {
	if a[0].kind != String || a[1].kind != String || !optional(a, 2, Number) {
		return undefined
	}
	s := a[0].text
	if len(a) == 3 {
		if !(a[2].num >= 0) {
			return undefined
		}
		s = s[:runeOffset(s, int(min(a[2].num, float64(len(s))))+1)]
	}
	i := bytes.LastIndex(s, a[1].text)
	if i < 0 {
		return numberValue(-1)
	}
	return numberValue(float64(utf8.RuneCount(s[:i])))
}
