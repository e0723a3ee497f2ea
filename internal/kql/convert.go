package kql

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// convert gives v as another kind, as tolong(), todatetime() and the rest do;
// null where that has no meaning.
func convert(v Value, to Kind) Value {
	if v.kind == to {
		return v
	}
	if to == String {
		return TextValue(String, v.String())
	}
	if !v.full {
		return Null(to)
	}
	if to == Dynamic {
		return DynamicValue(toDynamic(v))
	}
	if v.kind == Dynamic {
		return convert(fromDynamic(v.dyn), to)
	}
	switch to {
	case Bool:
		return toBool(v)
	case Int, Long:
		return toLong(v, to)
	case Real:
		return toReal(v)
	case Decimal:
		return toDecimal(v)
	case Datetime:
		return toDatetime(v)
	case Timespan:
		return toTimespan(v)
	case GUID:
		if v.kind == String {
			if g, ok := parseGUID(v.text); ok {
				return TextValue(GUID, g)
			}
		}
	}
	return Null(to)
}

// toDynamic is a value as one of dynamic's.
func toDynamic(v Value) any {
	if !v.full {
		return nil
	}
	switch v.kind {
	case Bool:
		return v.num != 0
	case Int, Long:
		return v.Int()
	case Real:
		return v.Real()
	case String:
		return v.text
	case Dynamic:
		return v.dyn
	}
	return v
}

// fromDynamic is a dynamic's value with its own kind; arrays and bags stay.
func fromDynamic(d any) Value {
	switch d := d.(type) {
	case bool:
		return BoolValue(d)
	case int64:
		return IntValue(Long, d)
	case float64:
		return RealValue(d)
	case string:
		return TextValue(String, d)
	case Value:
		return d
	case nil:
		return Value{}
	}
	return TextValue(String, string(appendJSON(nil, d)))
}

func toBool(v Value) Value {
	switch v.kind {
	case Int, Long:
		return BoolValue(v.num != 0)
	case Real:
		return BoolValue(v.Real() != 0)
	case String:
		switch strings.ToLower(strings.TrimSpace(v.text)) {
		case "true":
			return BoolValue(true)
		case "false":
			return BoolValue(false)
		}
		if n, err := strconv.ParseInt(v.text, 10, 64); err == nil {
			return BoolValue(n != 0)
		}
	}
	return Null(Bool)
}

func toLong(v Value, to Kind) Value {
	switch v.kind {
	case Bool, Int, Long, Timespan, Datetime:
		return narrow(v.Int(), to)
	case Real:
		f := math.Trunc(v.Real())
		if f >= -math.MaxInt64-1 && f < math.MaxInt64 {
			return narrow(int64(f), to)
		}
	case Decimal:
		return toLong(toReal(v), to)
	case String:
		s := strings.TrimSpace(v.text)
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return narrow(n, to)
		}
		if hex, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
			if n, err := strconv.ParseUint(hex, 16, 64); err == nil {
				return narrow(int64(n), to)
			}
			return Null(to)
		}
		if f := toReal(v); f.full {
			return toLong(f, to)
		}
	}
	return Null(to)
}

func narrow(n int64, to Kind) Value {
	if to == Int && (n < math.MinInt32 || n > math.MaxInt32) {
		return Null(Int)
	}
	return IntValue(to, n)
}

func toReal(v Value) Value {
	switch v.kind {
	case Bool, Int, Long, Timespan, Datetime:
		return RealValue(float64(v.Int()))
	case String, Decimal:
		s := strings.TrimSpace(v.text)
		switch s {
		case "Infinity":
			return RealValue(math.Inf(1))
		case "-Infinity":
			return RealValue(math.Inf(-1))
		case "NaN":
			return RealValue(math.NaN())
		}
		if s == "" || strings.ContainsAny(s, "xXpPiInN_") {
			return Null(Real)
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return RealValue(f)
		}
	}
	return Null(Real)
}

func toDecimal(v Value) Value {
	switch v.kind {
	case Int, Long, Bool:
		return TextValue(Decimal, strconv.FormatInt(v.Int(), 10))
	case Real:
		if f := v.Real(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return TextValue(Decimal, strconv.FormatFloat(f, 'f', -1, 64))
		}
	case String:
		s := strings.TrimSpace(v.text)
		if r, ok := decimalOf(s); ok {
			return TextValue(Decimal, decimalText(r))
		}
	}
	return Null(Decimal)
}

// decimalOf reads plain digits; no fractions, no huge exponents.
func decimalOf(s string) (*big.Rat, bool) {
	if s == "" || len(s) > 100 || strings.ContainsAny(s, "/xXpP_") {
		return nil, false
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if n, err := strconv.Atoi(s[i+1:]); err != nil || n > 40 || n < -40 {
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

// decimalText writes a decimal with at most 34 digits behind the point.
func decimalText(r *big.Rat) string {
	s := r.FloatString(34)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// datetimeLayouts are read in this order; the fraction is read with any of them.
var datetimeLayouts = [...]string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05", "2006-01-02",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04Z07:00", "2006-01-02 15:04", "2006-01", "2006", "2006-1-2", "2006-1-2 15:04:05", "2006-1-2T15:04:05",
	"1/2/2006", "1/2/2006 15:04", "1/2/2006 15:04:05", "1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM", "2006/1/2", "2006/1/2 15:04:05",
	"20060102", "20060102 15:04:05",
	time.RFC1123, time.RFC1123Z, time.RFC850, time.RFC822, time.RFC822Z, time.ANSIC,
	"Mon, 2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05", "2 Jan 2006", "Jan 2, 2006", "Jan 2 2006", "January 2, 2006", "January 2 2006", "2 January 2006",
	"02-Jan-06 15:04:05", "02-Jan-2006 15:04:05", "02/Jan/2006:15:04:05 -0700",
}

func parseDatetime(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 {
		return 0, false
	}
	if c := s[len(s)-1]; c == 'z' {
		s = s[:len(s)-1] + "Z"
	}
	for _, layout := range datetimeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			if t.Year() < 1 || t.Year() > 9999 {
				return 0, false
			}
			return Ticks(t), true
		}
	}
	return 0, false
}

func toDatetime(v Value) Value {
	switch v.kind {
	case String:
		if t, ok := parseDatetime(v.text); ok {
			return IntValue(Datetime, t)
		}
	case Int, Long, Timespan:
		return datetimeValue(v.Int())
	case Real:
		return datetimeValue(int64(v.Real()))
	}
	return Null(Datetime)
}

// datetimeValue is ticks as a datetime, or null beyond its range.
func datetimeValue(ticks int64) Value {
	if ticks < 0 || ticks > lastTick {
		return Null(Datetime)
	}
	return IntValue(Datetime, ticks)
}

func toTimespan(v Value) Value {
	switch v.kind {
	case String:
		if t, ok := parseTimespan(strings.TrimSpace(v.text)); ok {
			return IntValue(Timespan, t)
		}
	case Int, Long, Datetime:
		return IntValue(Timespan, v.Int())
	case Real:
		return IntValue(Timespan, roundTicks(v.Real()))
	}
	return Null(Timespan)
}

// parseTimespan reads [-][d.]hh:mm[:ss[.fffffff]], a number of days, or a
// literal such as 2h.
func parseTimespan(s string) (int64, bool) {
	rest, negative := strings.CutPrefix(s, "-")
	if rest == "" || rest[0] < '0' || rest[0] > '9' {
		return 0, false
	}
	var ticks int64
	parts := strings.Split(rest, ":")
	if len(parts) == 1 {
		if n, err := strconv.ParseUint(rest, 10, 23); err == nil {
			ticks = int64(n) * Day
		} else {
			l := lexer{text: rest}
			t, err := l.next()
			if err != nil || l.pos != len(rest) || t.value.kind != Timespan {
				return 0, false
			}
			ticks = t.value.Int()
		}
	} else {
		if len(parts) > 4 {
			return 0, false
		}
		days, hours := "0", parts[0]
		if len(parts) == 4 {
			days, hours, parts = parts[0], parts[1], parts[1:]
		} else if d, h, ok := strings.Cut(parts[0], "."); ok {
			days, hours = d, h
		}
		fields := []string{days, hours, parts[1]}
		seconds, fraction := "0", ""
		if len(parts) == 3 {
			seconds, fraction, _ = strings.Cut(parts[2], ".")
		}
		fields = append(fields, seconds)
		lengths := [...]int64{Day, Hour, Minute, Second}
		most := [...]uint64{10675198, 23, 59, 59}
		for i, f := range fields {
			n, err := strconv.ParseUint(f, 10, 32)
			if err != nil || n > most[i] {
				return 0, false
			}
			ticks += int64(n) * lengths[i]
		}
		if fraction != "" {
			if len(fraction) > 7 {
				fraction = fraction[:7]
			}
			n, err := strconv.ParseUint(fraction+strings.Repeat("0", 7-len(fraction)), 10, 32)
			if err != nil {
				return 0, false
			}
			ticks += int64(n)
		}
	}
	if negative {
		ticks = -ticks
	}
	return ticks, true
}

// parseGUID reads a guid with or without hyphens and braces.
func parseGUID(s string) (string, bool) {
	s = strings.ToLower(strings.Trim(strings.TrimSpace(s), "{}()"))
	if len(s) == 32 {
		s = s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
	}
	if len(s) != 36 {
		return "", false
	}
	for i, c := range []byte(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return "", false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", false
		}
	}
	return s, true
}
