package cosmossql

import "math"

// typeFunctions ask for a value's type; undefined is of no type. IIF is here
// too: only true chooses its second argument.
var typeFunctions = map[string]function{
	"IS_ARRAY":         is(func(v value) bool { return v.kind == Array }),
	"IS_BOOL":          is(func(v value) bool { return v.isBool() }),
	"IS_DEFINED":       is(func(v value) bool { return v.defined() }),
	"IS_FINITE_NUMBER": is(func(v value) bool { return v.kind == Number && !math.IsInf(v.num, 0) }),
	"IS_INTEGER":       is(func(v value) bool { _, ok := toInt64(v); return ok }),
	"IS_NULL":          is(func(v value) bool { return v.kind == Null }),
	"IS_NUMBER":        is(func(v value) bool { return v.kind == Number }),
	"IS_OBJECT":        is(func(v value) bool { return v.kind == Object }),
	"IS_PRIMITIVE":     is(func(v value) bool { return v.isPrimitive() }),
	"IS_STRING":        is(func(v value) bool { return v.kind == String }),
	"IIF":              {min: 3, max: 3, fn: fnIif},
}

func is(test func(value) bool) function {
	return function{min: 1, max: 1, fn: func(_ *frame, a []value) value { return boolValue(test(a[0])) }}
}

func fnIif(_ *frame, a []value) value {
	if a[0].kind == True {
		return a[1]
	}
	return a[2]
}
