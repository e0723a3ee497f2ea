package expression

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// textOf is ToString(): null is "", True and False have capitals.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int32:
		return strconv.Itoa(int(v))
	case int64:
		return strconv.FormatInt(v, 10)
	case byte:
		return strconv.Itoa(int(v))
	case float64:
		return realText(v)
	case Char:
		return string(rune(v))
	case GUID:
		return string(v)
	case Time:
		return v.text()
	case Span:
		return v.text()
	case *Token:
		return v.Text()
	case *Property:
		return strconv.Quote(v.Name) + ": " + v.Value.JSON(true)
	case Enum:
		return v.Name
	case *Exception:
		return "System." + v.Type + ": " + v.Message
	case []byte:
		return "System.Byte[]"
	case *List:
		if v.Fixed {
			return "System." + v.Elem + "[]"
		}
		return "System.Collections.Generic.List`1[System." + v.Elem + "]"
	case Pair:
		return "[" + shallowText(v.Key) + ", " + shallowText(v.Value) + "]"
	case *Anonymous:
		var parts []string
		for i, n := range v.Names {
			parts = append(parts, n+" = "+shallowText(v.Values[i]))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case fmt.Stringer:
		return v.String()
	}
	return "System." + typeNameOf(v)
}

// shallowText is textOf without what is in other things: they may hold each other.
func shallowText(v any) string {
	switch v.(type) {
	case Pair, *Anonymous:
		return "System." + typeNameOf(v)
	}
	return textOf(v)
}

// Text is ToString() of a value, as policies write it.
func Text(v any) string { return textOf(v) }

func realText(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	case math.IsNaN(v):
		return "NaN"
	}
	if a := math.Abs(v); a != 0 && (a >= 1e15 || a < 1e-5) {
		s := strconv.FormatFloat(v, 'E', -1, 64)
		mantissa, exponent, _ := strings.Cut(s, "E")
		n, _ := strconv.Atoi(exponent)
		return fmt.Sprintf("%sE%+03d", mantissa, n)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func badCast(v any, typ string) error {
	if v == nil {
		return fmt.Errorf("null cannot be converted to %s: object reference not set to an instance of an object", typ)
	}
	return fmt.Errorf("unable to cast object of type %s to type %s", typeNameOf(v), typ)
}

// castTo is (TYPE)value: a cast of an object, which fails where the type is another,
// or a conversion among numbers and from JSON.
func castTo(t typeName, v any) (any, error) {
	name := t.plain()
	if v == nil {
		if valueTypes[name] && !t.nullable {
			return nil, badCast(nil, t.String())
		}
		return nil, nil //nolint:nilnil // null is a value
	}
	if isOf(t, v) {
		return v, nil
	}
	if tok, ok := v.(*Token); ok {
		if t.nullable && tok.Kind == Scalar && tok.Value == nil {
			return nil, nil //nolint:nilnil // null is a value
		}
		if out, err := convertTo(name, tok); err == nil {
			return out, nil
		}
		return nil, badCast(v, t.String())
	}
	if out, ok := castNumber(name, v); ok {
		return out, nil
	}
	switch name {
	case "JToken", "JValue", "JObject", "JArray":
		if tok, ok := fromValue(v); ok {
			return tok, nil
		}
	}
	return nil, badCast(v, t.String())
}

var valueTypes = setOf("Boolean Char Byte Int32 UInt32 Int64 UInt64 Int16 UInt16 Single Double Decimal DateTime DateTimeOffset TimeSpan Guid")

// castNumber converts among numbers and characters as C# does.
func castNumber(name string, v any) (any, bool) {
	if c, ok := v.(Char); ok {
		v = int32(c)
	}
	if b, ok := v.(byte); ok {
		v = int32(b)
	}
	if e, ok := v.(Enum); ok {
		v = e.Number
	}
	f, ok := toFloat(v)
	if !ok {
		return nil, false
	}
	if real, is := v.(float64); is {
		v = int64(math.Trunc(min(max(real, math.MinInt64), math.MaxInt64-1024)))
	}
	n := toInt64(v)
	switch name {
	case "Int32":
		return int32(n), true //nolint:gosec // C# wraps around too
	case "Int16":
		return int32(int16(n)), true //nolint:gosec // as above
	case "UInt16":
		return int32(uint16(n)), true //nolint:gosec // as above
	case "Byte":
		return byte(n), true //nolint:gosec // as above
	case "UInt32":
		return int64(uint32(n)), true //nolint:gosec // as above
	case "Int64", "UInt64":
		return n, true
	case "Double", "Single", "Decimal":
		return f, true
	case "Char":
		return Char(uint16(n)), true //nolint:gosec // as above
	}
	return nil, false
}

// isOf is value is TYPE.
func isOf(t typeName, v any) bool {
	if v == nil {
		return false
	}
	name := t.plain()
	switch name {
	case "Object":
		return true
	case "Int32", "Int16", "UInt16":
		_, ok := v.(int32)
		return ok
	case "Int64", "UInt32", "UInt64":
		_, ok := v.(int64)
		return ok
	case "Double", "Single", "Decimal":
		_, ok := v.(float64)
		return ok
	case "IEnumerable", "IList", "IReadOnlyList":
		_, ok := itemsOf(v)
		_, isText := v.(string)
		return ok && (name == "IEnumerable" || !isText)
	case "Array":
		if _, ok := v.([]byte); ok {
			return t.name == "byte" || t.name == "Byte"
		}
		l, ok := v.(*List)
		return ok && l.Fixed
	case "IDictionary", "IReadOnlyDictionary", "Dictionary":
		_, ok := v.(*Dict)
		return ok
	case "List", "HashSet":
		l, ok := v.(*List)
		return ok && !l.Fixed
	case "Exception":
		_, ok := v.(*Exception)
		return ok
	case "JToken":
		_, ok := v.(*Token)
		_, prop := v.(*Property)
		return ok || prop
	}
	return typeNameOf(v) == name
}

// assignTo is a value given to a variable of a type: numbers widen, JSON is not
// converted without a cast.
func assignTo(t typeName, v any) (any, error) {
	name := t.plain()
	if v == nil || name == "Object" || isOf(t, v) {
		if v == nil && valueTypes[name] && !t.nullable {
			return nil, badCast(nil, t.String())
		}
		return v, nil
	}
	if _, ok := v.(*Token); ok && (name == "String" || valueTypes[name]) {
		return nil, fmt.Errorf("cannot implicitly convert type JToken to %s; a cast is missing", t)
	}
	switch v.(type) {
	case string:
		if name == "JToken" || name == "JValue" {
			return castTo(t, v)
		}
	case int32, int64, byte, Char:
		return castTo(t, v)
	case *List, Object:
		return v, nil // interfaces and lists of other elements
	case *closure:
		if name == "Func" || name == "Action" {
			return v, nil
		}
	}
	return nil, fmt.Errorf("cannot implicitly convert type %s to %s", typeNameOf(v), t)
}

func zeroOf(t typeName) any {
	if t.nullable {
		return nil
	}
	switch t.plain() {
	case "Boolean":
		return false
	case "Int32", "Int16", "UInt16":
		return int32(0)
	case "Int64", "UInt32", "UInt64":
		return int64(0)
	case "Double", "Single", "Decimal":
		return 0.0
	case "Guid":
		return GUID("00000000-0000-0000-0000-000000000000")
	case "TimeSpan":
		return Span(0)
	case "DateTime":
		return Time{}
	}
	return nil
}

// convertTo turns a value into a type as Convert.ToX and JToken's casts do.
func convertTo(name string, v any) (any, error) {
	if tok, ok := v.(*Token); ok {
		switch {
		case name == "JToken" || name == tok.typeName():
			return tok, nil
		case tok.Kind != Scalar:
			return nil, badCast(v, name)
		case tok.Value == nil && valueTypes[name]:
			return nil, badCast(nil, name)
		}
		v = tok.Value
	}
	switch name {
	case "String":
		if v == nil {
			return nil, nil //nolint:nilnil // null is a value
		}
		return textOf(v), nil
	case "Boolean":
		return toBoolean(v)
	case "Guid":
		return parseGUID(textOf(v))
	case "DateTime", "DateTimeOffset":
		if t, ok := v.(Time); ok {
			t.Offset = name == "DateTimeOffset"
			return t, nil
		}
		return parseTime(textOf(v), name == "DateTimeOffset")
	case "TimeSpan":
		return parseSpan(textOf(v))
	case "Char":
		if s, ok := v.(string); ok && len([]rune(s)) == 1 {
			return Char([]rune(s)[0]), nil
		}
	case "Object":
		return v, nil
	}
	return toNumber(name, v)
}

func toBoolean(v any) (any, error) {
	switch x := v.(type) {
	case nil:
		return false, nil
	case bool:
		return x, nil
	case string:
		switch strings.ToLower(strings.TrimSpace(x)) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, fmt.Errorf("string %q was not recognized as a valid Boolean", clip(x))
	}
	if f, ok := toFloat(v); ok {
		return f != 0, nil
	}
	return nil, badCast(v, "Boolean")
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// toNumber converts to a type of number, and refuses what does not fit.
func toNumber(name string, v any) (any, error) {
	switch x := v.(type) {
	case nil:
		v = int32(0)
	case bool:
		v = int32(0)
		if x {
			v = int32(1)
		}
	case string:
		return parseNumber(name, x)
	case float64:
		if name != "Double" && name != "Single" && name != "Decimal" {
			v = int64(math.RoundToEven(min(max(x, math.MinInt64), math.MaxInt64-1024)))
		}
	}
	out, ok := castNumber(name, v)
	if !ok {
		return nil, badCast(v, name)
	}
	if a, isNumber := toFloat(bare(out)); isNumber {
		if b, _ := toFloat(bare(v)); a != b {
			return nil, fmt.Errorf("value was either too large or too small for %s", name)
		}
	}
	return out, nil
}

func parseNumber(name, s string) (any, error) {
	trimmed := strings.TrimSpace(s)
	if name == "Double" || name == "Single" || name == "Decimal" {
		if f, err := strconv.ParseFloat(strings.ReplaceAll(trimmed, ",", ""), 64); err == nil && !strings.ContainsAny(trimmed, "xXpP_") {
			return f, nil
		}
	} else if n, err := strconv.ParseInt(trimmed, 10, 64); err == nil {
		return toNumber(name, n)
	}
	return nil, fmt.Errorf("input string %q was not in a correct format", clip(s))
}

// parseGUID reads the forms that .NET reads: with and without dashes and braces.
func parseGUID(s string) (any, error) {
	plain := strings.ToLower(strings.NewReplacer("-", "", "{", "", "}", "", "(", "", ")", "").Replace(strings.TrimSpace(s)))
	if len(plain) != 32 || strings.Trim(plain, "0123456789abcdef") != "" {
		return nil, fmt.Errorf("%q is no Guid", clip(s))
	}
	return GUID(plain[:8] + "-" + plain[8:12] + "-" + plain[12:16] + "-" + plain[16:20] + "-" + plain[20:]), nil
}

// fromBase64 is Convert.FromBase64String, which wants the padding.
func fromBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		return nil, fmt.Errorf("the input is not a valid Base-64 string")
	}
	return b, nil
}

// timeLayouts are what DateTime.Parse reads here.
var timeLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04", "2006-01-02",
	time.RFC1123, time.RFC1123Z, "01/02/2006 15:04:05", "1/2/2006 3:04:05 PM", "01/02/2006 15:04", "1/2/2006",
}

func parseTime(s string, offset bool) (any, error) {
	s = strings.TrimSpace(s)
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			zoned := strings.Contains(layout, "Z07") || strings.Contains(layout, "MST") || strings.Contains(layout, "-0700")
			if !offset {
				t = t.UTC()
			}
			return Time{Time: t, Offset: offset, Local: !zoned}, nil
		}
	}
	return nil, fmt.Errorf("string %q was not recognized as a valid DateTime", clip(s))
}

// parseSpan reads [-][d.]hh:mm[:ss[.fffffff]], or a number of days.
func parseSpan(s string) (any, error) {
	bad := fmt.Errorf("string %q was not recognized as a valid TimeSpan", clip(s))
	rest, negative := strings.CutPrefix(strings.TrimSpace(s), "-")
	var days, hours, minutes int64
	var seconds float64
	parts := strings.Split(rest, ":")
	var err error
	number := func(s string, below int64) (n int64) {
		if err == nil {
			if n, err = strconv.ParseInt(s, 10, 32); n < 0 || n >= below {
				err = bad
			}
		}
		return n
	}
	switch len(parts) {
	case 1:
		days = number(parts[0], 1e6)
	case 2, 3:
		h := parts[0]
		if d, rest, ok := strings.Cut(h, "."); ok {
			days, h = number(d, 1e6), rest
		}
		hours, minutes = number(h, 24), number(parts[1], 60)
		if len(parts) == 3 && err == nil {
			if seconds, err = strconv.ParseFloat(parts[2], 64); !(seconds >= 0 && seconds < 60) {
				err = bad
			}
		}
	default:
		err = bad
	}
	if err != nil {
		return nil, bad
	}
	d := time.Duration(days)*24*time.Hour + time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + time.Duration(seconds*1e9)
	if negative {
		d = -d
	}
	return Span(d), nil
}

// Number is a value as a number: also a text that is one.
func Number(v any) (float64, bool) {
	if s, ok := v.(string); ok {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return toFloat(bare(v))
}

// ReadTime reads a text as a DateTime.
func ReadTime(s string) (Time, bool) {
	v, err := parseTime(s, false)
	t, ok := v.(Time)
	return t, ok && err == nil
}

// FormatTime writes a time by a format of .NET.
func FormatTime(t Time, format string) (string, error) { return formatTime(t, format) }
