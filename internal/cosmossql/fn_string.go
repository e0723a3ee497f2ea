package cosmossql

import (
	"bytes"
	"math"
	"unicode"
	"unicode/utf8"
)

// stringFunctions work on text and count in characters (code points). With an
// argument of another type they are undefined.
var stringFunctions = map[string]function{
	"CONCAT":      {min: 2, max: -1, fn: fnConcat},
	"LEFT":        {min: 2, max: 2, fn: fnLeft},
	"LENGTH":      {min: 1, max: 1, fn: fnLength},
	"LOWER":       {min: 1, max: 1, fn: mapText(bytes.ToLower)},
	"LTRIM":       {min: 1, max: 2, fn: trimText(bytes.TrimLeft, true, false)},
	"REPLACE":     {min: 3, max: 3, fn: fnReplace},
	"REPLICATE":   {min: 2, max: 2, fn: fnReplicate},
	"REVERSE":     {min: 1, max: 1, fn: mapText(reverse)},
	"RIGHT":       {min: 2, max: 2, fn: fnRight},
	"RTRIM":       {min: 1, max: 2, fn: trimText(bytes.TrimRight, false, true)},
	"STRINGJOIN":  {min: 2, max: 2, fn: fnStringJoin},
	"STRINGSPLIT": {min: 2, max: 2, fn: fnStringSplit},
	"SUBSTRING":   {min: 3, max: 3, fn: fnSubstring},
	"TRIM":        {min: 1, max: 2, fn: trimText(bytes.Trim, true, true)},
	"UPPER":       {min: 1, max: 1, fn: mapText(bytes.ToUpper)},
}

// mapText makes a function of one string.
func mapText(op func([]byte) []byte) builtin {
	return func(f *frame, a []value) value {
		if a[0].kind != String {
			return undefined
		}
		return f.run.sized(stringValue(op(a[0].text)))
	}
}

// trimText makes a function that cuts blanks, or the characters given.
func trimText(op func([]byte, string) []byte, left, right bool) builtin {
	return func(_ *frame, a []value) value {
		if a[0].kind != String || !optional(a, 1, String) {
			return undefined
		}
		s := a[0].text
		if len(a) == 2 {
			return stringValue(op(s, string(a[1].text)))
		}
		if left {
			s = bytes.TrimLeftFunc(s, unicode.IsSpace)
		}
		if right {
			s = bytes.TrimRightFunc(s, unicode.IsSpace)
		}
		return stringValue(s)
	}
}

func reverse(s []byte) []byte {
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		_, n := utf8.DecodeLastRune(s)
		out = append(out, s[len(s)-n:]...)
		s = s[:len(s)-n]
	}
	return out
}

func fnConcat(f *frame, a []value) value {
	n := 0
	for _, v := range a {
		if v.kind != String {
			return undefined
		}
		n += len(v.text)
	}
	out := make([]byte, 0, n)
	for _, v := range a {
		out = append(out, v.text...)
	}
	return f.run.sized(stringValue(out))
}

func fnLength(_ *frame, a []value) value {
	if a[0].kind != String {
		return undefined
	}
	return numberValue(float64(utf8.RuneCount(a[0].text)))
}

// runeOffset is the byte position of the n-th character, at most the end.
func runeOffset(s []byte, n int) int {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		_, size := utf8.DecodeRune(s[i:])
		i += size
	}
	return i
}

// slice cuts length characters from start, both clamped to the text.
func slice(s []byte, start, length float64) value {
	if math.IsNaN(start) || math.IsNaN(length) || length <= 0 {
		return stringValue(nil)
	}
	start = max(math.Trunc(start), 0)
	i := runeOffset(s, int(min(start, float64(len(s)))))
	n := runeOffset(s[i:], int(min(math.Trunc(length), float64(len(s)))))
	return stringValue(s[i : i+n])
}

func fnLeft(_ *frame, a []value) value {
	if a[0].kind != String || a[1].kind != Number {
		return undefined
	}
	return slice(a[0].text, 0, a[1].num)
}

func fnRight(_ *frame, a []value) value {
	if a[0].kind != String || a[1].kind != Number {
		return undefined
	}
	n := float64(utf8.RuneCount(a[0].text))
	length := math.Trunc(min(max(a[1].num, 0), n))
	return slice(a[0].text, n-length, length)
}

// fnSubstring counts start from 0.
func fnSubstring(_ *frame, a []value) value {
	if a[0].kind != String || a[1].kind != Number || a[2].kind != Number {
		return undefined
	}
	return slice(a[0].text, a[1].num, a[2].num)
}

func fnReplace(f *frame, a []value) value {
	if a[0].kind != String || a[1].kind != String || a[2].kind != String {
		return undefined
	}
	s, old, repl := a[0].text, a[1].text, a[2].text
	if len(old) == 0 {
		return a[0]
	}
	if bytes.Count(s, old)*len(repl) > maxValue {
		return f.run.sized(stringValue(make([]byte, maxValue+1)))
	}
	return f.run.sized(stringValue(bytes.ReplaceAll(s, old, repl)))
}

// maxReplicate is the service's limit on REPLICATE, in characters.
const maxReplicate = 10000

func fnReplicate(_ *frame, a []value) value {
	if a[0].kind != String || a[1].kind != Number || a[1].num < 0 {
		return undefined
	}
	n := math.Trunc(a[1].num)
	if n*float64(utf8.RuneCount(a[0].text)) > maxReplicate {
		return undefined
	}
	if len(a[0].text) == 0 {
		return a[0]
	}
	return stringValue(bytes.Repeat(a[0].text, int(n)))
}

func fnStringJoin(f *frame, a []value) value {
	if a[0].kind != Array || a[1].kind != String {
		return undefined
	}
	var out []byte
	e := elementsOf(a[0].raw)
	for i := 0; ; i++ {
		v, ok := e.nextValue()
		switch {
		case !ok:
			return f.run.sized(stringValue(out))
		case v.kind != String || len(out) > maxValue:
			return undefined
		}
		if i > 0 {
			out = append(out, a[1].text...)
		}
		out = append(out, v.text...)
	}
}

// fnStringSplit leaves the text whole if the separator is empty.
func fnStringSplit(f *frame, a []value) value {
	if a[0].kind != String || a[1].kind != String {
		return undefined
	}
	raw := []byte{'['}
	if len(a[1].text) == 0 {
		return f.run.sized(arrayValue(append(appendElement(raw, a[0]), ']')))
	}
	for part := range bytes.SplitSeq(a[0].text, a[1].text) {
		raw = appendElement(raw, stringValue(part))
	}
	return f.run.sized(arrayValue(append(raw, ']')))
}
