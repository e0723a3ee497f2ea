package expression

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// formatValue is ToString(format) of a value.
func formatValue(v any, format string) (string, error) {
	v2 := bare(v)
	if format == "" {
		return textOf(v), nil
	}
	switch x := v2.(type) {
	case Time:
		return formatTime(x, format)
	case Span:
		return formatSpan(x, format)
	case GUID:
		return formatGUID(x, format)
	case int32, int64, float64:
		if _, isEnum := v.(Enum); isEnum {
			return textOf(v), nil
		}
		return formatNumber(x, format)
	}
	return textOf(v), nil
}

func formatGUID(g GUID, format string) (string, error) {
	switch strings.ToUpper(format) {
	case "D":
		return string(g), nil
	case "N":
		return strings.ReplaceAll(string(g), "-", ""), nil
	case "B":
		return "{" + string(g) + "}", nil
	case "P":
		return "(" + string(g) + ")", nil
	}
	return "", fmt.Errorf("%q is no format of a Guid", format)
}

// formatNumber reads D, N, F, X, P, E, G with digits, and patterns of 0, #, commas and a dot.
func formatNumber(v any, format string) (string, error) {
	f, _ := toFloat(v)
	digits, err := strconv.Atoi(format[1:])
	if len(format) == 1 {
		digits, err = -1, nil
	}
	if err == nil && digits <= 50 {
		switch format[0] {
		case 'D', 'd', 'X', 'x':
			if _, real := v.(float64); real {
				return "", fmt.Errorf("the format %s is for whole numbers", format)
			}
			verb := map[byte]string{'D': "%0*d", 'd': "%0*d", 'X': "%0*X", 'x': "%0*x"}[format[0]]
			n := toInt64(v)
			if i, ok := v.(int32); ok && format[0] != 'D' && format[0] != 'd' {
				n = int64(uint32(i)) //nolint:gosec // the bits are shown
			}
			if n < 0 {
				return "-" + fmt.Sprintf(verb, max(digits, 1), -n), nil
			}
			return fmt.Sprintf(verb, max(digits, 1), n), nil
		case 'F', 'f':
			return strconv.FormatFloat(f, 'f', orTwo(digits), 64), nil
		case 'N', 'n':
			return grouped(strconv.FormatFloat(f, 'f', orTwo(digits), 64)), nil
		case 'P', 'p':
			return grouped(strconv.FormatFloat(f*100, 'f', orTwo(digits), 64)) + " %", nil
		case 'G', 'g', 'R', 'r':
			return textOf(v), nil
		}
	}
	return patternNumber(f, format)
}

func orTwo(n int) int {
	if n < 0 {
		return 2
	}
	return n
}

// grouped puts a comma before each three digits.
func grouped(s string) string {
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	whole, rest, dot := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dot {
		whole += "." + rest
	}
	return sign + whole
}

func patternNumber(f float64, format string) (string, error) {
	if strings.Trim(format, "0#.,") != "" {
		return "", fmt.Errorf("the format %q of a number is not served", clip(format))
	}
	whole, fraction, _ := strings.Cut(format, ".")
	s := strconv.FormatFloat(f, 'f', min(len(fraction), 30), 64)
	n, digits, dot := strings.Cut(s, ".")
	for dot && len(digits) > strings.LastIndexByte(fraction, '0')+1 && strings.HasSuffix(digits, "0") {
		digits = digits[:len(digits)-1]
	}
	negative := strings.HasPrefix(n, "-")
	n = strings.TrimLeft(strings.TrimPrefix(n, "-"), "0")
	if need := strings.Count(whole, "0"); len(n) < need {
		n = strings.Repeat("0", need-len(n)) + n
	}
	if strings.Contains(whole, ",") && n != "" {
		n = grouped(n)
	}
	if digits != "" {
		n += "." + digits
	}
	if negative {
		n = "-" + n
	}
	return n, nil
}

func (t Time) text() string {
	if t.Offset {
		return t.Format("01/02/2006 15:04:05 -07:00")
	}
	return t.Format("01/02/2006 15:04:05")
}

// formatTime reads .NET's standard formats and its patterns.
func formatTime(t Time, format string) (string, error) {
	switch format {
	case "o", "O":
		switch {
		case t.Offset:
			return t.Format("2006-01-02T15:04:05.0000000-07:00"), nil
		case t.Local:
			return t.Format("2006-01-02T15:04:05.0000000"), nil
		}
		return t.Format("2006-01-02T15:04:05.0000000Z"), nil
	case "s":
		return t.Format("2006-01-02T15:04:05"), nil
	case "u":
		return t.UTC().Format("2006-01-02 15:04:05Z"), nil
	case "r", "R":
		return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"), nil
	case "d":
		return t.Format("01/02/2006"), nil
	case "D":
		return t.Format("Monday, 02 January 2006"), nil
	case "t":
		return t.Format("15:04"), nil
	case "T":
		return t.Format("15:04:05"), nil
	case "g":
		return t.Format("01/02/2006 15:04"), nil
	case "G":
		return t.Format("01/02/2006 15:04:05"), nil
	}
	if len(format) == 1 {
		return "", fmt.Errorf("%q is no format of a time", format)
	}
	return patternTime(t, format)
}

func patternTime(t Time, format string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(format); {
		c := format[i]
		n := 1
		for i+n < len(format) && format[i+n] == c {
			n++
		}
		switch c {
		case 'y', 'M', 'd', 'H', 'h', 'm', 's', 't', 'z', 'K', 'f', 'F':
			out.WriteString(timePart(t, c, n))
		case '\'', '"':
			end := strings.IndexByte(format[i+1:], c)
			if end < 0 {
				return "", fmt.Errorf("the format %q of a time has no end of its text", clip(format))
			}
			out.WriteString(format[i+1 : i+1+end])
			n = end + 2
		case '\\':
			if n = 2; i+1 < len(format) {
				out.WriteByte(format[i+1])
			}
		case '%':
			n = 1
		default:
			out.WriteString(strings.Repeat(string(c), n))
		}
		i += n
	}
	return out.String(), nil
}

func timePart(t Time, c byte, n int) string {
	number := func(v int) string { return fmt.Sprintf("%0*d", min(n, 2), v) }
	switch c {
	case 'y':
		if n <= 2 {
			return number(t.Year() % 100)
		}
		return fmt.Sprintf("%0*d", n, t.Year())
	case 'M':
		if n > 2 {
			return t.Format(map[bool]string{true: "Jan", false: "January"}[n == 3])
		}
		return number(int(t.Month()))
	case 'd':
		if n > 2 {
			return t.Format(map[bool]string{true: "Mon", false: "Monday"}[n == 3])
		}
		return number(t.Day())
	case 'H':
		return number(t.Hour())
	case 'h':
		return number((t.Hour()+11)%12 + 1)
	case 'm':
		return number(t.Minute())
	case 's':
		return number(t.Second())
	case 't':
		return t.Format("PM")[:min(n, 2)]
	case 'z':
		return t.Format(map[bool]string{true: "-07:00", false: "-07"}[n == 3])
	case 'K':
		if t.Local && !t.Offset {
			return ""
		}
		return t.Format("Z07:00")
	}
	fraction := fmt.Sprintf("%09d", t.Nanosecond())[:min(n, 7)]
	if c == 'F' {
		fraction = strings.TrimRight(fraction, "0")
	}
	return fraction
}

func (s Span) text() string {
	d, sign := time.Duration(s), ""
	if d < 0 {
		d, sign = -d, "-"
	}
	out := sign
	if days := d / (24 * time.Hour); days > 0 {
		out += fmt.Sprintf("%d.", days)
	}
	out += fmt.Sprintf("%02d:%02d:%02d", d/time.Hour%24, d/time.Minute%60, d/time.Second%60)
	if ticks := d % time.Second / 100; ticks > 0 {
		out += fmt.Sprintf(".%07d", ticks)
	}
	return out
}

func formatSpan(s Span, format string) (string, error) {
	d := time.Duration(s)
	if format == "c" || format == "g" || format == "t" || format == "T" {
		return s.text(), nil
	}
	whole := map[byte]time.Duration{'d': d / (24 * time.Hour), 'h': d / time.Hour % 24, 'm': d / time.Minute % 60, 's': d / time.Second % 60}
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		c := format[i]
		n := 1
		for i+n < len(format) && format[i+n] == c {
			n++
		}
		switch v, ok := whole[c]; {
		case ok:
			fmt.Fprintf(&out, "%0*d", n, v)
			i += n - 1
		case c == 'f':
			out.WriteString(fmt.Sprintf("%09d", d%time.Second)[:min(n, 7)])
			i += n - 1
		case c == '\\' && i+1 < len(format):
			i++
			out.WriteByte(format[i])
		case c == '\'':
		default:
			return "", fmt.Errorf("%q is no format of a TimeSpan", clip(format))
		}
	}
	return out.String(), nil
}
