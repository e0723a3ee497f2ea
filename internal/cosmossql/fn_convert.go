package cosmossql

import (
	"bytes"
	"encoding/json"
)

// convertFunctions read JSON out of strings and write values as strings. A text
// that is not of the wanted type is undefined.
var convertFunctions = map[string]function{
	"STRINGTOARRAY":   {min: 1, max: 1, fn: parseText(func(v value) bool { return v.kind == Array })},
	"STRINGTOBOOLEAN": {min: 1, max: 1, fn: parseText(value.isBool)},
	"STRINGTONULL":    {min: 1, max: 1, fn: parseText(func(v value) bool { return v.kind == Null })},
	"STRINGTONUMBER":  {min: 1, max: 1, fn: parseText(func(v value) bool { return v.kind == Number })},
	"STRINGTOOBJECT":  {min: 1, max: 1, fn: parseText(func(v value) bool { return v.kind == Object })},
	"TOSTRING":        {min: 1, max: 1, fn: fnToString},
}

// parseText makes a function that reads a JSON value which passes the test.
func parseText(test func(value) bool) builtin {
	return func(_ *frame, a []value) value {
		if a[0].kind != String {
			return undefined
		}
		v, ok := parseJSON(a[0].text)
		if !ok || !test(v) {
			return undefined
		}
		return v
	}
}

// parseJSON reads text that nobody has checked.
func parseJSON(text []byte) (value, bool) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || !json.Valid(text) || !numbersFit(text) {
		return undefined, false
	}
	return loadValue(text)
}

// numbersFit says whether all numbers in valid JSON are in the range of a
// double.
func numbersFit(text []byte) bool {
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '"':
			i = skipString(text, i)
		case c == '-' || isDigit(c):
			end := skipValue(text, i)
			if f, _ := parseNumber(text[i:end]); !isFinite(f) {
				return false
			}
			i = end
		default:
			i++
		}
	}
	return true
}

func fnToString(_ *frame, a []value) value {
	v := a[0]
	switch v.kind {
	case Undefined, String:
		return v
	case Number:
		v.raw = nil
		if !isFinite(v.num) {
			return stringValue([]byte(notFiniteText(v.num)))
		}
	case Array, Object:
		var out bytes.Buffer
		if err := json.Compact(&out, v.raw); err != nil {
			return undefined
		}
		return stringValue(out.Bytes())
	}
	return stringValue(appendJSON(nil, v))
}

// notFiniteText writes a number that JSON cannot hold, as JavaScript does.
func notFiniteText(f float64) string {
	switch {
	case f > 0:
		return "Infinity"
	case f < 0:
		return "-Infinity"
	}
	return "NaN"
}
