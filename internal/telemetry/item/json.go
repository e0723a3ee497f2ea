package item

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendProperties appends custom dimensions as a JSON object, keys in their
// order; nothing when there are none. Of two with one name the later counts.
func AppendProperties(b []byte, all []Property) []byte {
	if len(all) == 0 {
		return b
	}
	byName := func(a, b Property) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(all, byName) {
		all = slices.Clone(all) // the item is not ours to change
		slices.SortStableFunc(all, byName)
	}
	b = append(b, '{')
	for i, p := range all {
		if i+1 < len(all) && all[i+1].Name == p.Name {
			continue
		}
		b = appendKey(b, p.Name)
		b = appendString(b, p.Value)
	}
	return append(b, '}')
}

// AppendMeasurements appends custom measurements as AppendProperties does. What
// is no number in JSON (NaN, infinities) is its name as a string.
func AppendMeasurements(b []byte, all []Measurement) []byte {
	if len(all) == 0 {
		return b
	}
	byName := func(a, b Measurement) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(all, byName) {
		all = slices.Clone(all)
		slices.SortStableFunc(all, byName)
	}
	b = append(b, '{')
	for i, m := range all {
		if i+1 < len(all) && all[i+1].Name == m.Name {
			continue
		}
		b = appendKey(b, m.Name)
		b = appendNumber(b, m.Value)
	}
	return append(b, '}')
}

// appendDetails appends column details: the chain with its stacks.
func (e *Exception) appendDetails(b []byte) []byte {
	if len(e.Chain) == 0 {
		return b
	}
	b = append(b, '[')
	for i := range e.Chain {
		c := &e.Chain[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		if e.Severity != NoSeverity {
			b = appendString(appendKey(b, "severityLevel"), e.Severity.String())
		}
		b = appendString(appendKey(b, "outerId"), strconv.FormatInt(c.OuterID, 10))
		b = appendString(appendKey(b, "message"), c.Message)
		b = appendString(appendKey(b, "type"), c.Type)
		b = appendString(appendKey(b, "id"), strconv.FormatInt(c.ID, 10))
		if len(c.Frames) > 0 {
			b = appendFrames(appendKey(b, "parsedStack"), c.Frames)
		}
		if c.Stack != "" {
			b = appendString(appendKey(b, "rawStack"), c.Stack)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendFrames(b []byte, frames []Frame) []byte {
	b = append(b, '[')
	for i, f := range frames {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		b = appendString(appendKey(b, "assembly"), f.Assembly)
		b = appendString(appendKey(b, "method"), f.Method)
		b = strconv.AppendInt(appendKey(b, "level"), f.Level, 10)
		b = strconv.AppendInt(appendKey(b, "line"), f.Line, 10)
		if f.File != "" {
			b = appendString(appendKey(b, "fileName"), f.File)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

// appendKey appends a member's name, and the comma before it where one is due.
func appendKey(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(appendString(b, name), ':')
}

func appendNumber(b []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(b, `"-Infinity"`...)
	case v == math.Trunc(v) && math.Abs(v) < 1e15:
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

const hex = "0123456789abcdef"

// appendString appends a JSON string. What is not UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}
