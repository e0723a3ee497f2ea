package streamsql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds the strings that functions may build.
const maxText = 1 << 20

// stringFuncs are the functions that change or join text: CONCAT CONCAT_WS LOWER
// UPPER LTRIM RTRIM TRIM REPLACE REPLICATE REVERSE SPACE STUFF TRANSLATE NCHAR.
// Positions and lengths count characters (code points) from 1. A number or
// datetime argument is taken as its text. Unlike T-SQL's, the TRIM family takes
// any white space of Unicode away.
func stringFuncs() map[string]scalarFunc {
	change := func(f func(string) string) scalarFunc {
		return scalarFunc{min: 1, max: 1, f1: func(r *Row, at *site, a Value) Value {
			s, ok := text(r, at, a)
			if !ok {
				return NullValue
			}
			return StringValue(f(s))
		}}
	}
	return map[string]scalarFunc{
		"concat":    {min: 2, max: -1, nulls: true, fn: concatAll},
		"concat_ws": {min: 2, max: -1, nulls: true, fn: concatWith},
		"lower":     {min: 1, max: 1, f1: lower},
		"upper":     {min: 1, max: 1, f1: upper},
		"ltrim":     change(func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) }),
		"rtrim":     change(func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }),
		"trim":      change(strings.TrimSpace),
		"reverse":   change(reverse),
		"replace":   {min: 3, max: 3, f3: replace},
		"replicate": {min: 2, max: 2, f2: replicate},
		"space": {min: 1, max: 1, f1: func(r *Row, at *site, n Value) Value {
			return replicate(r, at, StringValue(" "), n)
		}},
		"stuff":     {min: 4, max: 4, fn: stuff},
		"translate": {min: 3, max: 3, f3: translate},
		"nchar": {min: 1, max: 1, f1: func(r *Row, at *site, a Value) Value {
			n, ok := whole(r, at, a)
			if !ok || n < 0 || n > utf8.MaxRune {
				return NullValue
			}
			return StringValue(string(rune(n)))
		}},
	}
}

// concatAll takes NULL as the empty text.
func concatAll(r *Row, at *site, args []Value) Value { return joinTexts(r, at, "", args, false) }

// concatWith is CONCAT_WS(separator, …), which leaves NULLs out.
func concatWith(r *Row, at *site, args []Value) Value {
	sep := ""
	if args[0].kind != Null {
		var ok bool
		if sep, ok = text(r, at, args[0]); !ok {
			return NullValue
		}
	}
	return joinTexts(r, at, sep, args[1:], true)
}

func joinTexts(r *Row, at *site, sep string, args []Value, skipNull bool) Value {
	var few [8]string
	parts := few[:0]
	for _, a := range args {
		if a.kind == Null {
			if !skipNull {
				parts = append(parts, "")
			}
			continue
		}
		if len(parts) > 0 && sep != "" {
			parts = append(parts, sep)
		}
		s, ok := text(r, at, a)
		if !ok {
			return NullValue
		}
		parts = append(parts, s)
	}
	return bounded(r, at, concat(r, parts...))
}

// bounded refuses text that is too long to go on.
func bounded(r *Row, at *site, v Value) Value {
	if len(v.str) > maxText {
		return at.fail(r, "the result of %s has %d bytes; at most %d are allowed", at.name, len(v.str), maxText)
	}
	return v
}

// lower and upper map ASCII in the scratch, other text by Unicode.
func lower(r *Row, at *site, a Value) Value {
	return mapCase(r, at, a, 'A', 'Z', strings.ToLower)
}

func upper(r *Row, at *site, a Value) Value {
	return mapCase(r, at, a, 'a', 'z', strings.ToUpper)
}

func mapCase(r *Row, at *site, a Value, from, to byte, wide func(string) string) Value {
	s, ok := text(r, at, a)
	if !ok {
		return NullValue
	}
	changes := false
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return StringValue(wide(s))
		}
		changes = changes || s[i] >= from && s[i] <= to
	}
	if !changes {
		return StringValue(s)
	}
	buf := append(r.Scratch.buffer(len(s)), s...)
	for i, c := range buf {
		if c >= from && c <= to {
			buf[i] = c ^ 0x20
		}
	}
	return StringValue(r.Scratch.keep(buf))
}

func reverse(s string) string {
	rs := []rune(s)
	for i, j := 0, len(rs)-1; i < j; i, j = i+1, j-1 {
		rs[i], rs[j] = rs[j], rs[i]
	}
	return string(rs)
}

// replace is REPLACE(text, old, new); case counts.
func replace(r *Row, at *site, a, b, c Value) Value {
	s, ok1 := text(r, at, a)
	old, ok2 := text(r, at, b)
	with, ok3 := text(r, at, c)
	if !ok1 || !ok2 || !ok3 {
		return NullValue
	}
	if old == "" {
		return StringValue(s)
	}
	if n := strings.Count(s, old); n*max(len(with)-len(old), 0) > maxText {
		return at.fail(r, "the result of %s is longer than %d bytes", at.name, maxText)
	}
	return StringValue(strings.ReplaceAll(s, old, with))
}

// replicate is REPLICATE(text, n); NULL for a negative n.
func replicate(r *Row, at *site, a, b Value) Value {
	s, ok := text(r, at, a)
	n, okN := whole(r, at, b)
	switch {
	case !ok || !okN || n < 0:
		return NullValue
	case int64(len(s)) > 0 && n > maxText/int64(len(s)):
		return at.fail(r, "the result of %s is longer than %d bytes", at.name, maxText)
	}
	return StringValue(strings.Repeat(s, int(min(n, maxText))))
}

// stuff is STUFF(text, start, length, new). A start before 1 is 1, and one behind
// the text gives the empty text (T-SQL gives NULL for both).
func stuff(r *Row, at *site, args []Value) Value {
	s, ok1 := text(r, at, args[0])
	start, ok2 := whole(r, at, args[1])
	n, ok3 := whole(r, at, args[2])
	with, ok4 := text(r, at, args[3])
	length := int64(utf8.RuneCountInString(s))
	switch {
	case !ok1 || !ok2 || !ok3 || !ok4:
		return NullValue
	case n < 0:
		return at.fail(r, "the length of STUFF is not negative: %d", n)
	case start > length:
		return StringValue("")
	}
	from := runeOffset(s, max(start, 1)-1)
	to := from + runeOffset(s[from:], min(n, length))
	return bounded(r, at, concat(r, s[:from], with, s[to:]))
}

// runeOffset returns the byte offset of the n-th character, or the length.
func runeOffset(s string, n int64) int {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return i
}

// translate is TRANSLATE(text, from, to): each character of from becomes the one
// at the same place in to, which has as many.
func translate(r *Row, at *site, a, b, c Value) Value {
	s, ok1 := text(r, at, a)
	from, ok2 := text(r, at, b)
	to, ok3 := text(r, at, c)
	if !ok1 || !ok2 || !ok3 {
		return NullValue
	}
	fs, ts := []rune(from), []rune(to)
	if len(fs) != len(ts) {
		return at.fail(r, "TRANSLATE takes two sets of the same length, not of %d and %d characters", len(fs), len(ts))
	}
	return StringValue(strings.Map(func(c rune) rune {
		for i, f := range fs {
			if f == c {
				return ts[i]
			}
		}
		return c
	}, s))
}
