package cosmossql

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// typeFunctions ask for a value's type; undefined is of no type. IIF is here
// too: only true chooses its second argument.
var typeFunctions = map[string]function{
	"IS_ARRAY":         is(func(v value) bool { return v.kind == Array }),
	"IS_BOOL":          is(func(v value) bool { return v.isBool() }),
	"IS_DATETIME":      is(func(v value) bool { _, ok := parseDateTime(v); return ok }),
	"IS_DEFINED":       is(func(v value) bool { return v.defined() }),
	"IS_FINITE_NUMBER": is(func(v value) bool { return v.kind == Number && isFinite(v.num) }),
	"IS_INTEGER":       is(func(v value) bool { _, ok := toInt64(v); return ok }),
	"IS_NULL":          is(func(v value) bool { return v.kind == Null }),
	"IS_NUMBER":        is(func(v value) bool { return v.kind == Number }),
	"IS_OBJECT":        is(func(v value) bool { return v.kind == Object }),
	"IS_PRIMITIVE":     is(func(v value) bool { return v.isPrimitive() }),
	"IS_STRING":        is(func(v value) bool { return v.kind == String }),
	"IIF":              {min: 3, max: 3, fn: fnIif},
	"DOCUMENTID":       {min: 1, max: 1, fn: fnDocumentID},
}

func is(test func(value) bool) function {
	return function{min: 1, max: 1, fn: func(_ *frame, a []value) value { return boolValue(test(a[0])) }}
}

// fnDocumentID is the number in a document's _rid: the eight bytes behind those
// of its container, the lowest first. The page's own pair is _rid
// 36ZyAPW+uN8NAAAAAAAAAA== and number 13.
func fnDocumentID(_ *frame, a []value) value {
	if a[0].kind != Object {
		return undefined
	}
	rid, ok := loadValue(member(a[0].raw, "_rid"))
	if !ok || rid.kind != String {
		return undefined
	}
	raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(rid.text), "-", "/"))
	if err != nil || len(raw) != 16 {
		return undefined
	}
	return numberValue(float64(binary.LittleEndian.Uint64(raw[8:])))
}

func fnIif(_ *frame, a []value) value {
	if a[0].kind == True {
		return a[1]
	}
	return a[2]
}
