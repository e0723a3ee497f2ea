package kql

import (
	"math"
	"strconv"
)

// AppendJSON writes the value as the query API shows it: datetime as ISO 8601 in
// Z, timespan as d.hh:mm:ss.fffffff, dynamic as JSON text in a string, null as
// null.
func (v Value) AppendJSON(dst []byte) []byte {
	if !v.full {
		return append(dst, "null"...)
	}
	switch v.kind {
	case Bool:
		return strconv.AppendBool(dst, v.num != 0)
	case Int, Long:
		return strconv.AppendInt(dst, int64(v.num), 10)
	case Real:
		return appendReal(dst, v.Real())
	case Datetime:
		return append(appendDatetime(append(dst, '"'), v.Int(), false), '"')
	case Timespan:
		return append(appendTimespan(append(dst, '"'), v.Int()), '"')
	case Dynamic:
		if s, ok := v.dyn.(string); ok {
			return appendQuoted(dst, s)
		}
		return appendQuoted(dst, string(appendJSON(nil, v.dyn)))
	case None:
		return append(dst, "null"...)
	}
	return appendQuoted(dst, v.text)
}

// String is the value as tostring() gives it; a null is "".
func (v Value) String() string {
	if !v.full {
		return ""
	}
	switch v.kind {
	case Bool:
		if v.num != 0 {
			return "True"
		}
		return "False"
	case Int, Long:
		return strconv.FormatInt(int64(v.num), 10)
	case Real:
		return realText(v.Real())
	case Datetime:
		return string(appendDatetime(nil, v.Int(), true))
	case Timespan:
		return string(appendTimespan(nil, v.Int()))
	case Dynamic:
		return dynamicText(v.dyn)
	}
	return v.text
}

// dynamicText is a dynamic as tostring() gives it: a string without quotes,
// arrays and bags as JSON.
func dynamicText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case Value:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return realText(v)
	}
	return string(appendJSON(nil, v))
}

// realText is a real as people read it.
func realText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-5 || a >= 1e15) {
		s := strconv.FormatFloat(f, 'E', -1, 64)
		return s
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// appendDatetime writes 2020-01-02T03:04:05.1234567Z; without padded, the zeros
// at the end of the fraction are left out.
func appendDatetime(dst []byte, ticks int64, padded bool) []byte {
	t := Moment(ticks)
	dst = t.AppendFormat(dst, "2006-01-02T15:04:05")
	dst = appendFraction(dst, ticks%Second, padded)
	return append(dst, 'Z')
}

func appendFraction(dst []byte, fraction int64, padded bool) []byte {
	if fraction == 0 && !padded {
		return dst
	}
	var digits [8]byte
	digits[0] = '.'
	for i := 7; i > 0; i-- {
		digits[i] = byte('0' + fraction%10)
		fraction /= 10
	}
	n := len(digits)
	for !padded && digits[n-1] == '0' {
		n--
	}
	return append(dst, digits[:n]...)
}

// appendTimespan writes [-][d.]hh:mm:ss[.fffffff].
func appendTimespan(dst []byte, ticks int64) []byte {
	u := uint64(ticks)
	if ticks < 0 {
		dst = append(dst, '-')
		u = -u
	}
	if d := u / uint64(Day); d > 0 {
		dst = append(strconv.AppendUint(dst, d, 10), '.')
	}
	for i, n := range [...]uint64{u / uint64(Hour) % 24, u / uint64(Minute) % 60, u / uint64(Second) % 60} {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, byte('0'+n/10), byte('0'+n%10))
	}
	if f := u % uint64(Second); f > 0 {
		dst = appendFraction(dst, int64(f), true)
	}
	return dst
}
