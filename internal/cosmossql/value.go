package cosmossql

import "bytes"

// value is what an expression yields. Its slices may alias the document or the
// query; they are never written to. The zero value is undefined.
type value struct {
	kind Kind
	num  float64 // Number
	text []byte  // String: decoded
	raw  []byte  // the JSON text, if there is one; always for Array and Object
}

var (
	undefined  = value{}
	nullValue  = value{kind: Null}
	trueValue  = value{kind: True}
	falseValue = value{kind: False}
)

func boolValue(b bool) value {
	if b {
		return trueValue
	}
	return falseValue
}

func numberValue(f float64) value { return value{kind: Number, num: f} }

func stringValue(text []byte) value { return value{kind: String, text: text} }

// scalar is the value as an index sees it.
func (v value) scalar() Scalar { return Scalar{Kind: v.kind, Num: v.num, Text: v.text} }

// ofScalar is the value of an index entry. Arrays and objects come without
// their content and must not be used as values.
func ofScalar(s Scalar) value { return value{kind: s.Kind, num: s.Num, text: s.Text} }

func (v value) defined() bool { return v.kind != Undefined }

// isJSON says whether the value can stand in an answer: undefined, NaN and the
// infinities cannot, and are left out.
func (v value) isJSON() bool {
	return v.kind != Undefined && (v.kind != Number || v.raw != nil || isFinite(v.num))
}

func (v value) isBool() bool { return v.kind == True || v.kind == False }

// isPrimitive says whether the value is null, a boolean, a number or a string.
func (v value) isPrimitive() bool { return v.kind >= Null && v.kind <= String }

// clone returns the value on memory of its own.
func (v value) clone() value {
	v.text = bytes.Clone(v.text)
	v.raw = bytes.Clone(v.raw)
	return v
}

// size is about how much memory a clone takes.
func (v value) size() int { return 64 + len(v.text) + len(v.raw) }

// appendJSON appends the value as JSON; undefined appends nothing.
func appendJSON(dst []byte, v value) []byte {
	if v.raw != nil {
		return append(dst, v.raw...)
	}
	switch v.kind {
	case Null:
		return append(dst, "null"...)
	case True:
		return append(dst, "true"...)
	case False:
		return append(dst, "false"...)
	case Number:
		return appendNumber(dst, v.num)
	case String:
		return appendQuoted(dst, v.text)
	}
	return dst
}

// loadValue reads raw, one JSON value with nothing around it. Only the first
// byte decides the kind: the document was checked when it was stored.
func loadValue(raw []byte) (value, bool) {
	if len(raw) == 0 {
		return undefined, false
	}
	switch c := raw[0]; {
	case c == '"':
		return loadString(raw)
	case c == '{':
		return value{kind: Object, raw: raw}, true
	case c == '[':
		return value{kind: Array, raw: raw}, true
	case c == 't':
		return value{kind: True, raw: raw}, string(raw) == "true"
	case c == 'f':
		return value{kind: False, raw: raw}, string(raw) == "false"
	case c == 'n':
		return value{kind: Null, raw: raw}, string(raw) == "null"
	}
	f, ok := parseNumber(raw)
	if !ok {
		return undefined, false
	}
	return value{kind: Number, num: f, raw: raw}, true
}

// loadString reads a quoted string.
func loadString(raw []byte) (value, bool) {
	if len(raw) < 2 || raw[len(raw)-1] != '"' {
		return undefined, false
	}
	text := raw[1 : len(raw)-1]
	if bytes.IndexByte(text, '\\') >= 0 {
		text = unquote(text)
	}
	return value{kind: String, text: text, raw: raw}, true
}
