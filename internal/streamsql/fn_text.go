package streamsql

import (
	"errors"
	"regexp"
	regexsyntax "regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// textFuncs are the functions that take text apart: CHARINDEX LEFT LEN PATINDEX
// REGEXMATCH REGEXREPLACE RIGHT SUBSTRING UNICODE.
func textFuncs() map[string]scalarFunc {
	return map[string]scalarFunc{
		"charindex":    {min: 2, max: 3, fn: charIndex},
		"left":         {min: 2, max: 2, f2: left},
		"right":        {min: 2, max: 2, f2: right},
		"len":          {min: 1, max: 1, f1: length},
		"patindex":     {min: 2, max: 2, f2: patIndex},
		"regexmatch":   {min: 2, max: 2, f2: regexMatch},
		"regexreplace": {min: 3, max: 3, f3: regexReplace},
		"substring":    {min: 3, max: 3, f3: substring},
		"unicode": {min: 1, max: 1, f1: func(r *Row, at *site, a Value) Value {
			s, ok := text(r, at, a)
			if !ok || s == "" {
				return NullValue
			}
			c, _ := utf8.DecodeRuneInString(s)
			return BigIntValue(int64(c))
		}},
	}
}

// length is LEN(text): the number of characters without trailing blanks.
func length(r *Row, at *site, a Value) Value {
	s, ok := text(r, at, a)
	if !ok {
		return NullValue
	}
	return BigIntValue(int64(utf8.RuneCountInString(strings.TrimRight(s, " "))))
}

// charIndex is CHARINDEX(find, text [, start]): the first position of find, or 0.
func charIndex(r *Row, at *site, args []Value) Value {
	find, ok1 := text(r, at, args[0])
	s, ok2 := text(r, at, args[1])
	start := int64(1)
	ok3 := true
	if len(args) == 3 {
		start, ok3 = whole(r, at, args[2])
	}
	if !ok1 || !ok2 || !ok3 {
		return NullValue
	}
	from := runeOffset(s, max(start, 1)-1)
	n := strings.Index(s[from:], find)
	if n < 0 || find == "" {
		return BigIntValue(0)
	}
	return BigIntValue(int64(utf8.RuneCountInString(s[:from+n])) + 1)
}

func left(r *Row, at *site, a, b Value) Value {
	s, ok := text(r, at, a)
	n, okN := whole(r, at, b)
	if !ok || !okN {
		return NullValue
	}
	if n < 0 {
		return at.fail(r, "the length of LEFT is not negative: %d", n)
	}
	return StringValue(s[:runeOffset(s, n)])
}

func right(r *Row, at *site, a, b Value) Value {
	s, ok := text(r, at, a)
	n, okN := whole(r, at, b)
	if !ok || !okN {
		return NullValue
	}
	if n < 0 {
		return at.fail(r, "the length of RIGHT is not negative: %d", n)
	}
	return StringValue(s[runeOffset(s, int64(utf8.RuneCountInString(s))-n):])
}

// substring is SUBSTRING(text, start, length). A start before 1 counts against
// the length, as in T-SQL.
func substring(r *Row, at *site, a, b, c Value) Value {
	s, ok1 := text(r, at, a)
	start, ok2 := whole(r, at, b)
	n, ok3 := whole(r, at, c)
	if !ok1 || !ok2 || !ok3 {
		return NullValue
	}
	if n < 0 {
		return at.fail(r, "the length of SUBSTRING is not negative: %d", n)
	}
	end, fits := addInt(start, n)
	if !fits {
		end = 1 << 62
	}
	start = max(start, 1)
	if end <= start {
		return StringValue("")
	}
	from := runeOffset(s, start-1)
	return StringValue(s[from : from+runeOffset(s[from:], end-start)])
}

// patIndex is PATINDEX(pattern, text): the first position at which the pattern
// of LIKE matches, or 0. Without % in front it must match at the beginning,
// without % at the end up to the end.
func patIndex(r *Row, at *site, a, b Value) Value {
	pattern, ok1 := text(r, at, a)
	s, ok2 := text(r, at, b)
	if !ok1 || !ok2 {
		return NullValue
	}
	p := compileLike(pattern, 0)
	if len(p) == 0 || !p[0].any {
		if p.matches(s) {
			return BigIntValue(1)
		}
		return BigIntValue(0)
	}
	if p = p[1:]; len(p) == 0 {
		return BigIntValue(int64(min(len(s), 1)))
	}
	for i, n := 0, int64(1); i <= len(s); n++ {
		if p.matches(s[i:]) {
			return BigIntValue(n)
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += max(size, 1)
	}
	return BigIntValue(0)
}

// regex compiles a pattern, case-insensitive and with . for any character. It is
// nil with ok for a pattern that is no regular expression.
//
// Patterns of the RE2 family run in linear time; what the vendor's ECMAScript
// patterns have beyond it (lookaround, back references, large counts) is a data
// error.
func regex(r *Row, at *site, v Value) (re *regexp.Regexp, ok bool) {
	pattern, ok := text(r, at, v)
	if !ok {
		return nil, false
	}
	if re := r.Scratch.regex(pattern); re != nil {
		return re, true
	}
	re, err := regexp.Compile("(?is)" + pattern)
	var invalid *regexsyntax.Error
	switch {
	case err == nil:
		r.Scratch.addRegex(pattern, re)
		return re, true
	case errors.As(err, &invalid) && slices.Contains(notECMAScript(), invalid.Code):
		return nil, true
	}
	at.fail(r, "the pattern '%s' of %s is not supported: %v", shorten(pattern), at.name, err)
	return nil, false
}

// notECMAScript are the faults of patterns that ECMAScript does not take either.
func notECMAScript() []regexsyntax.ErrorCode {
	return []regexsyntax.ErrorCode{
		regexsyntax.ErrMissingBracket, regexsyntax.ErrMissingParen, regexsyntax.ErrUnexpectedParen, regexsyntax.ErrMissingRepeatArgument,
		regexsyntax.ErrInvalidRepeatOp, regexsyntax.ErrInvalidCharRange, regexsyntax.ErrTrailingBackslash,
	}
}

// regexMatch is REGEXMATCH(text, pattern): the position of the first match; 0 if
// there is none, and for a pattern that is no regular expression.
func regexMatch(r *Row, at *site, a, b Value) Value {
	s, ok := text(r, at, a)
	re, okRe := regex(r, at, b)
	if !ok || !okRe {
		return NullValue
	}
	if re == nil {
		return BigIntValue(0)
	}
	if m := re.FindStringIndex(s); m != nil {
		return BigIntValue(int64(utf8.RuneCountInString(s[:m[0]])) + 1)
	}
	return BigIntValue(0)
}

// regexReplace is REGEXREPLACE(text, pattern, new): every match; $1 is a group.
func regexReplace(r *Row, at *site, a, b, c Value) Value {
	s, ok := text(r, at, a)
	re, okRe := regex(r, at, b)
	with, okWith := text(r, at, c)
	switch {
	case !ok || !okWith || !okRe:
		return NullValue
	case re == nil:
		return at.fail(r, "the pattern of %s is no regular expression", at.name)
	}
	return bounded(r, at, StringValue(re.ReplaceAllString(s, with)))
}
