package expression

import (
	"encoding/hex"
	"fmt"
	"html"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/nearest"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// statics are the static members of the types, functions and values.
type statics struct {
	calls  map[string]method
	values map[string]func() any
}

// enums are the types of which only names are known.
var enums = map[string][]string{
	"StringComparison":   {"CurrentCulture", "CurrentCultureIgnoreCase", "InvariantCulture", "InvariantCultureIgnoreCase", "Ordinal", "OrdinalIgnoreCase"},
	"StringComparer":     {"CurrentCulture", "CurrentCultureIgnoreCase", "InvariantCulture", "InvariantCultureIgnoreCase", "Ordinal", "OrdinalIgnoreCase"},
	"StringSplitOptions": {"None", "RemoveEmptyEntries", "TrimEntries"},
	"Formatting":         {"None", "Indented"},
	"UriPartial":         {"Scheme", "Authority", "Path", "Query"},
	"DateTimeKind":       {"Unspecified", "Utc", "Local"},
	"DayOfWeek":          {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	"RegexOptions":       {"None", "IgnoreCase", "Multiline", "Singleline", "Compiled", "ExplicitCapture", "IgnorePatternWhitespace", "CultureInvariant"},
	"JTokenType":         {"None", "Object", "Array", "Constructor", "Property", "Comment", "Integer", "Float", "String", "Boolean", "Null", "Undefined", "Date", "Raw", "Bytes", "Guid", "Uri", "TimeSpan"},
	"NumberStyles":       {"None", "Any", "Integer", "Float", "Number"},
	"CultureInfo":        {"InvariantCulture", "CurrentCulture"},
}

var regexNumbers = map[string]int32{"IgnoreCase": 1, "Multiline": 2, "ExplicitCapture": 4, "Compiled": 8, "Singleline": 16, "IgnorePatternWhitespace": 32}

func staticMember(t typeName, name string) (any, error) {
	typ := t.plain()
	if i := slices.Index(enums[typ], name); i >= 0 {
		n := count(i)
		if typ == "RegexOptions" {
			n = regexNumbers[name]
		}
		return Enum{typ, name, n}, nil
	}
	if f := staticTable[typ].values[name]; f != nil {
		return f(), nil
	}
	if _, ok := hashNamed(typ); ok && name == "Create" {
		return nil, fmt.Errorf("%s.Create is called with ()", typ)
	}
	return nil, fmt.Errorf("%s has no static property %s", typ, name)
}

func staticCall(t typeName, c *Call) (any, error) {
	typ := t.plain()
	if f := staticTable[typ].calls[c.Name]; f != nil {
		return f(c)
	}
	if h, ok := hashNamed(typ); ok {
		switch c.Name {
		case "Create":
			return h, nil
		case "HashData":
			b, err := c.Bytes(len(c.Args) - 1)
			if err != nil {
				return nil, err
			}
			if h.keyed {
				if h.key, err = c.Bytes(0); err != nil {
					return nil, err
				}
			}
			return h.sum(b), nil
		}
	}
	if typ == "Enumerable" {
		if f := queryMethods[c.Name]; f != nil && len(c.Args) > 0 {
			c.This, c.Args = c.Args[0], c.Args[1:]
			return f(c)
		}
	}
	if valueTypes[typ] || typ == "Enum" {
		return parseStatic(typ, c)
	}
	return nil, fmt.Errorf("%s has no static method %s", typ, c.Name)
}

// checkStatic refuses a static member that a type does not have.
func checkStatic(p Pos, t typeName, name string) error {
	typ := t.plain()
	known := slices.Clone(enums[typ])
	for n := range staticTable[typ].calls {
		known = append(known, n)
	}
	for n := range staticTable[typ].values {
		known = append(known, n)
	}
	if _, ok := hashNamed(typ); ok {
		known = append(known, "Create", "HashData")
	}
	if valueTypes[typ] {
		known = append(known, "Parse", "TryParse", "ParseExact", "MaxValue", "MinValue")
	}
	if typ == "Enumerable" {
		for n := range queryMethods {
			known = append(known, n)
		}
	}
	if slices.Contains(known, name) {
		return nil
	}
	hint := ""
	if best := nearest.Name(name, known); best != "" {
		hint = "; did you mean " + best + "?"
	}
	return faultAt(p, "%s.%s is not known in policy expressions%s", typ, name, hint)
}

// parseStatic is Parse and TryParse of numbers, times, Guids and booleans.
func parseStatic(typ string, c *Call) (any, error) {
	switch c.Name {
	case "Parse", "ParseExact":
		s, err := c.Text(0)
		if err != nil {
			return nil, err
		}
		if c.Name == "ParseExact" {
			return parseExact(c, s, typ == "DateTimeOffset")
		}
		if s == "" {
			return nil, fmt.Errorf("input string \"\" was not in a correct format")
		}
		return convertTo(typ, s)
	case "TryParse":
		s, _ := first(c.Args).(string)
		v, err := convertTo(typ, s)
		if err != nil || s == "" {
			c.Give(len(c.Args)-1, zeroOf(typeName{name: typ}))
			return false, nil //nolint:nilerr // that is the answer
		}
		c.Give(len(c.Args)-1, v)
		return true, nil
	}
	return nil, fmt.Errorf("%s has no static method %s", typ, c.Name)
}

// parseExact reads a time by a pattern of .NET.
func parseExact(c *Call, s string, offset bool) (any, error) {
	format, err := c.Text(1)
	if err != nil {
		return nil, err
	}
	layout := strings.NewReplacer("yyyy", "2006", "yy", "06", "MMMM", "January", "MMM", "Jan", "MM", "01", "dddd", "Monday", "ddd", "Mon", "dd", "02",
		"HH", "15", "hh", "03", "mm", "04", "ss", "05", "fffffff", "0000000", "fff", "000", "tt", "PM", "zzz", "-07:00", "K", "Z07:00", "'", "").Replace(format)
	t, err := time.Parse(layout, s)
	if err != nil {
		return nil, fmt.Errorf("string %q was not recognized as a valid DateTime of the format %s", clip(s), clip(format))
	}
	return Time{t, offset, !strings.ContainsAny(format, "zK")}, nil
}

func convertCall(typ string) method {
	return func(c *Call) (any, error) {
		if len(c.Args) == 2 && typ != "String" {
			if base, err := c.Int(1); err == nil {
				return fromBase(typ, c, base)
			}
		}
		if len(c.Args) == 0 {
			return nil, c.bad()
		}
		if typ == "String" && c.Args[0] == nil {
			return "", nil
		}
		if s, ok := c.Args[0].(string); ok && typ == "Boolean" {
			return toBoolean(s)
		}
		return convertTo(typ, c.Args[0])
	}
}

func fromBase(typ string, c *Call, base int) (any, error) {
	s, err := c.Text(0)
	if err != nil {
		return nil, err
	}
	if base == 10 {
		return convertTo(typ, s)
	}
	s = strings.TrimPrefix(strings.ToLower(s), "0x")
	var n int64
	for _, r := range s {
		d := strings.IndexRune("0123456789abcdef", r)
		if d < 0 || d >= base || n > math.MaxInt64/16 {
			return nil, fmt.Errorf("could not find any recognizable digits in %q", clip(s))
		}
		n = n*int64(base) + int64(d)
	}
	return toNumber(typ, n)
}

// real is a function of Math of one number.
func mathOf(f func(float64) float64) method {
	return func(c *Call) (any, error) {
		x, err := c.real(0)
		return f(x), err
	}
}

func mathPick(op string) method {
	return func(c *Call) (any, error) {
		if len(c.Args) != 2 {
			return nil, c.bad()
		}
		a, b, ok := promote(bare(c.Args[0]), bare(c.Args[1]))
		if !ok {
			return nil, c.bad()
		}
		if yes, err := operate(op, a, b); err != nil || yes == true {
			return a, err
		}
		return b, nil
	}
}

func jsonParse(kind TokenKind, any2 bool) method {
	return func(c *Call) (any, error) {
		s, err := c.Text(0)
		if err != nil {
			return nil, err
		}
		t, err := ParseJSON([]byte(s))
		if err == nil && !any2 && t.Kind != kind {
			err = fmt.Errorf("the JSON is a %s", t.typeName())
		}
		if err != nil {
			return nil, err
		}
		return t, nil
	}
}

func fromObject(c *Call) (any, error) {
	v, ok := fromValue(first(c.Args))
	if !ok {
		return nil, c.bad()
	}
	return v, nil
}

func textCall(f func(string) (string, error)) method {
	return func(c *Call) (any, error) {
		s, err := c.Text(0)
		if err != nil {
			return nil, err
		}
		return f(s)
	}
}

func plainText(f func(string) string) method {
	return textCall(func(s string) (string, error) { return f(s), nil })
}

func staticRegex(c *Call) (any, error) {
	pattern, err := c.Text(1)
	if err != nil {
		return nil, err
	}
	var options any
	args := []any{c.Args[0]}
	for _, a := range c.Args[2:] {
		if e, ok := a.(Enum); ok && e.Type == "RegexOptions" {
			options = e
		} else if _, isSpan := a.(Span); !isSpan {
			if n, ok := a.(int32); ok {
				options = n
			} else {
				args = append(args, a)
			}
		}
	}
	r, err := newRegex(pattern, options)
	if err != nil {
		return nil, err
	}
	return regexCall(c, r, args)
}

func encodingNamed(name string) func() any {
	return func() any { return &TextEncoding{name} }
}

func spanFrom(unit time.Duration) method {
	return func(c *Call) (any, error) {
		n, err := c.real(0)
		if err == nil && math.Abs(n*float64(unit)) > 9e18 {
			err = fmt.Errorf("TimeSpan overflowed because the duration is too long")
		}
		return Span(n * float64(unit)), err
	}
}

func joinStrings(c *Call) (any, error) {
	sep := ""
	if c.Args = slices.Clone(c.Args); first(c.Args) != nil {
		var err error
		if sep, err = c.Text(0); err != nil {
			return nil, err
		}
	}
	items := c.Args[1:]
	if len(items) == 1 {
		if list, ok := itemsOf(items[0]); ok {
			if _, isText := items[0].(string); !isText {
				items = list
			}
		}
	}
	var out strings.Builder
	for i, x := range items {
		if i > 0 {
			out.WriteString(sep)
		}
		out.WriteString(textOf(x))
		if out.Len() > c.frame.run.limits.Bytes {
			return nil, c.frame.fits(c.pos, out.Len())
		}
	}
	return out.String(), nil
}

func concatStrings(c *Call) (any, error) {
	c.Args = append([]any{""}, c.Args...)
	return joinStrings(c)
}

func isBlank(trimmed bool) method {
	return func(c *Call) (any, error) {
		if len(c.Args) != 1 {
			return nil, c.bad()
		}
		switch s := bare(c.Args[0]).(type) {
		case nil:
			return true, nil
		case string:
			if trimmed {
				s = strings.TrimSpace(s)
			}
			return s == "", nil
		}
		return nil, c.bad()
	}
}

func now() any { return Time{Time: time.Now().UTC()} }

func offsetNow() any { return Time{Time: time.Now().UTC(), Offset: true} }

var stringStatics = statics{
	calls: map[string]method{
		"IsNullOrEmpty": isBlank(false), "IsNullOrWhiteSpace": isBlank(true), "Join": joinStrings, "Concat": concatStrings,
		"Format": func(c *Call) (any, error) { s, err := composite(c, 0); return s, err },
		"Equals": func(c *Call) (any, error) {
			if len(c.Args) < 2 {
				return nil, c.bad()
			}
			if folds(c) && c.Args[0] != nil && c.Args[1] != nil {
				return strings.EqualFold(textOf(c.Args[0]), textOf(c.Args[1])), nil
			}
			return equal(c.Args[0], c.Args[1]), nil
		},
		"Compare": func(c *Call) (any, error) {
			a, err := c.Text(0)
			if err != nil {
				return nil, err
			}
			b, err := c.Text(1)
			if folds(c) || len(c.Args) > 2 && c.Args[2] == true {
				a, b = strings.ToLower(a), strings.ToLower(b)
			}
			return count(strings.Compare(a, b)), err
		},
	},
	values: map[string]func() any{"Empty": func() any { return "" }},
}

var staticTable = map[string]statics{
	"String": stringStatics,
	"Convert": {calls: map[string]method{
		"ToString": convertCall("String"), "ToInt32": convertCall("Int32"), "ToInt64": convertCall("Int64"), "ToInt16": convertCall("Int16"), "ToDouble": convertCall("Double"),
		"ToDecimal": convertCall("Decimal"), "ToBoolean": convertCall("Boolean"), "ToDateTime": convertCall("DateTime"), "ToByte": convertCall("Byte"), "ToChar": convertCall("Char"),
		"FromBase64String": func(c *Call) (any, error) {
			s, err := c.Text(0)
			if err != nil {
				return nil, err
			}
			return fromBase64(s)
		},
		"ToBase64String": func(c *Call) (any, error) { b, err := c.Bytes(0); return toBase64(b), err },
		"ToHexString":    func(c *Call) (any, error) { b, err := c.Bytes(0); return strings.ToUpper(hex.EncodeToString(b)), err },
	}},
	"Math": {calls: map[string]method{
		"Max": mathPick(">"), "Min": mathPick("<"), "Floor": mathOf(math.Floor), "Ceiling": mathOf(math.Ceil), "Sqrt": mathOf(math.Sqrt), "Truncate": mathOf(math.Trunc),
		"Log": mathOf(math.Log), "Log10": mathOf(math.Log10), "Exp": mathOf(math.Exp),
		"Pow": func(c *Call) (any, error) {
			x, err := c.real(0)
			if err != nil {
				return nil, err
			}
			y, err := c.real(1)
			return math.Pow(x, y), err
		},
		"Abs": func(c *Call) (any, error) {
			v := bare(first(c.Args))
			f, ok := toFloat(v)
			if !ok {
				return nil, c.bad()
			}
			if f < 0 {
				return (&unary{c.pos, "-", &literal{c.pos, v}}).eval(c.frame)
			}
			return v, nil
		},
		"Round": func(c *Call) (any, error) {
			x, err := c.real(0)
			if err != nil {
				return nil, err
			}
			scale := 1.0
			if n, err := c.Int(1); err == nil && n >= 0 && n <= 15 {
				scale = math.Pow10(n)
			}
			return math.RoundToEven(x*scale) / scale, nil
		},
	}, values: map[string]func() any{"PI": func() any { return math.Pi }}},
	"Guid": {calls: map[string]method{
		"NewGuid": func(*Call) (any, error) { return GUID(uuid.New()), nil },
	}, values: map[string]func() any{"Empty": func() any { return zeroOf(typeName{name: "Guid"}) }}},
	"DateTime": {values: map[string]func() any{
		"UtcNow": now, "Now": now, "Today": func() any { return Time{Time: time.Now().UTC().Truncate(24 * time.Hour)} },
		"MinValue": func() any { return Time{Local: true} }, "MaxValue": func() any { return Time{Time: time.Date(9999, 12, 31, 23, 59, 59, 999999900, time.UTC), Local: true} },
		"UnixEpoch": func() any { return Time{Time: time.Unix(0, 0).UTC()} },
	}},
	"DateTimeOffset": {calls: map[string]method{
		"FromUnixTimeSeconds": func(c *Call) (any, error) {
			n, err := c.Int(0)
			return Time{Time: time.Unix(int64(n), 0).UTC(), Offset: true}, err
		},
		"FromUnixTimeMilliseconds": func(c *Call) (any, error) {
			n, err := c.Int(0)
			return Time{Time: time.UnixMilli(int64(n)).UTC(), Offset: true}, err
		},
	}, values: map[string]func() any{"UtcNow": offsetNow, "Now": offsetNow}},
	"TimeSpan": {calls: map[string]method{
		"FromDays": spanFrom(24 * time.Hour), "FromHours": spanFrom(time.Hour), "FromMinutes": spanFrom(time.Minute), "FromSeconds": spanFrom(time.Second), "FromMilliseconds": spanFrom(time.Millisecond),
	}, values: map[string]func() any{"Zero": func() any { return Span(0) }}},
	"Int32": {values: map[string]func() any{"MaxValue": func() any { return int32(math.MaxInt32) }, "MinValue": func() any { return int32(math.MinInt32) }}},
	"Int64": {values: map[string]func() any{"MaxValue": func() any { return int64(math.MaxInt64) }, "MinValue": func() any { return int64(math.MinInt64) }}},
	"Encoding": {values: map[string]func() any{
		"UTF8": encodingNamed("utf-8"), "ASCII": encodingNamed("us-ascii"), "Unicode": encodingNamed("utf-16"), "Latin1": encodingNamed("iso-8859-1"), "Default": encodingNamed("utf-8"),
	}, calls: map[string]method{
		"GetEncoding": func(c *Call) (any, error) {
			name, err := c.Text(0)
			if err != nil {
				return nil, err
			}
			switch strings.ToLower(name) {
			case "utf-8", "us-ascii", "utf-16", "iso-8859-1":
				return &TextEncoding{strings.ToLower(name)}, nil
			}
			return nil, fmt.Errorf("the encoding %s is not served", clip(name))
		},
	}},
	"Uri": {calls: map[string]method{
		"EscapeDataString": plainText(escapeData), "EscapeUriString": plainText(func(s string) string { return (&url.URL{Path: s}).EscapedPath() }), "UnescapeDataString": textCall(url.PathUnescape),
		"IsWellFormedUriString": func(c *Call) (any, error) {
			s, err := c.Text(0)
			if err != nil {
				return nil, err
			}
			_, bad := parseURI(s, nil)
			return bad == nil, nil
		},
	}},
	"WebUtility":  {calls: map[string]method{"UrlEncode": plainText(url.QueryEscape), "UrlDecode": textCall(url.QueryUnescape), "HtmlEncode": plainText(html.EscapeString), "HtmlDecode": plainText(html.UnescapeString)}},
	"HttpUtility": {calls: map[string]method{"UrlEncode": plainText(url.QueryEscape), "UrlDecode": textCall(url.QueryUnescape), "HtmlEncode": plainText(html.EscapeString), "HtmlDecode": plainText(html.UnescapeString)}},
	"Regex": {calls: map[string]method{
		"IsMatch": staticRegex, "Match": staticRegex, "Matches": staticRegex, "Replace": staticRegex, "Split": staticRegex,
		"Escape": plainText(func(s string) string {
			var out strings.Builder
			for _, r := range s {
				if strings.ContainsRune(`\*+?|{[()^$.# `, r) {
					out.WriteByte('\\')
				}
				out.WriteRune(r)
			}
			return out.String()
		}),
	}},
	"BitConverter": {calls: map[string]method{
		"ToString": func(c *Call) (any, error) {
			b, err := c.Bytes(0)
			var parts []string
			for _, x := range b {
				parts = append(parts, fmt.Sprintf("%02X", x))
			}
			return strings.Join(parts, "-"), err
		},
	}},
	"Char": {calls: map[string]method{
		"IsDigit": func(c *Call) (any, error) { x, ok := first(c.Args).(Char); return ok && x >= '0' && x <= '9', nil },
		"IsLetter": func(c *Call) (any, error) {
			x, ok := first(c.Args).(Char)
			return ok && (x|0x20 >= 'a' && x|0x20 <= 'z'), nil
		},
		"ToString": func(c *Call) (any, error) { s, err := c.Text(0); return s, err },
	}},
	"JObject": {calls: map[string]method{"Parse": jsonParse(ObjectToken, false), "FromObject": fromObject}},
	"JArray":  {calls: map[string]method{"Parse": jsonParse(ArrayToken, false), "FromObject": fromObject}},
	"JToken":  {calls: map[string]method{"Parse": jsonParse(Scalar, true), "FromObject": fromObject}},
	"JValue": {calls: map[string]method{
		"CreateString": func(c *Call) (any, error) { s, err := c.Text(0); return &Token{Value: s}, err },
		"CreateNull":   func(*Call) (any, error) { return &Token{}, nil },
	}},
	"JsonConvert": {calls: map[string]method{
		"SerializeObject": func(c *Call) (any, error) {
			v, ok := fromValue(first(c.Args))
			if !ok {
				return nil, c.bad()
			}
			e, _ := c.lastArg().(Enum)
			return v.JSON(e.Name == "Indented"), nil
		},
		"DeserializeObject": func(c *Call) (any, error) {
			v, err := jsonParse(Scalar, true)(c)
			if err != nil || len(c.types) == 0 || c.types[0].plain() == "Object" {
				return v, err
			}
			inner := *c
			inner.This, inner.Args, inner.Name = v, nil, "ToObject"
			return tokenMethods["ToObject"](&inner)
		},
		"ToString": func(c *Call) (any, error) {
			v, ok := fromValue(first(c.Args))
			if !ok {
				return nil, c.bad()
			}
			return v.JSON(false), nil
		},
	}},
	"Array": {calls: map[string]method{
		"IndexOf": func(c *Call) (any, error) {
			l, ok := first(c.Args).(*List)
			if !ok || len(c.Args) < 2 {
				return nil, c.bad()
			}
			return count(slices.IndexFunc(l.Items, func(x any) bool { return equal(x, c.Args[1]) })), nil
		},
		"Exists": func(c *Call) (any, error) {
			c.This, c.Args = first(c.Args), c.Args[min(1, len(c.Args)):]
			return queryMethods["Any"](c)
		},
	}},
	"Enumerable": {calls: map[string]method{
		"Range": func(c *Call) (any, error) {
			from, err := c.Int(0)
			if err != nil {
				return nil, err
			}
			n, err := c.Int(1)
			if err == nil {
				err = c.frame.fits(c.pos, 16*max(n, 0))
			}
			if err != nil || n < 0 {
				return nil, err
			}
			l := &List{Elem: "Int32"}
			for i := range n {
				l.Items = append(l.Items, count(from+i))
			}
			return l, nil
		},
		"Empty": func(*Call) (any, error) { return listOf(nil), nil },
		"Repeat": func(c *Call) (any, error) {
			n, err := c.Int(1)
			if err == nil {
				err = c.frame.fits(c.pos, 16*max(n, 0))
			}
			if err != nil || n < 0 {
				return nil, err
			}
			return listOf(slices.Repeat(c.Args[:1], n)), nil
		},
	}},
}

func (c *Call) lastArg() any { return c.Args[len(c.Args)-1] }
