package streamsql

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// toJS converts a value: bigint and float to number, datetime to Date (cut to
// milliseconds), record and array to objects.
func (rt *jsRuntime) toJS(v Value) goja.Value {
	switch v.kind {
	case Bit:
		return rt.vm.ToValue(v.Bit())
	case BigInt:
		return rt.vm.ToValue(v.Int())
	case Float:
		return rt.vm.ToValue(v.Float())
	case String:
		return rt.vm.ToValue(strings.Clone(v.str))
	case DateTime:
		date, err := rt.vm.New(rt.vm.Get("Date"), rt.vm.ToValue(TimeOf(v.Ticks()).UnixMilli()))
		if err == nil {
			return date
		}
	case Record:
		obj := rt.vm.NewObject()
		EachProperty(v, nil, func(name string, p Value) bool {
			return obj.Set(strings.Clone(name), rt.toJS(p)) == nil
		})
		return obj
	case Array:
		var items []any
		EachElement(v, nil, func(_ int, e Value) bool {
			items = append(items, rt.toJS(e))
			return true
		})
		return rt.vm.NewArray(items...)
	case Null:
	}
	return goja.Null()
}

// fromJS converts a result. A number is a bigint if it is whole and a float can
// hold it exactly, undefined and NaN are NULL.
func (rt *jsRuntime) fromJS(v goja.Value) (Value, error) {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return NullValue, nil
	}
	switch x := v.Export().(type) {
	case bool:
		return BitValue(x), nil
	case int64:
		return BigIntValue(x), nil
	case float64:
		switch {
		case math.IsNaN(x) || math.IsInf(x, 0):
			return NullValue, nil
		case x == math.Trunc(x) && math.Abs(x) < 1<<53:
			return BigIntValue(int64(x)), nil
		}
		return FloatValue(x), nil
	case string:
		if len(x) > maxText {
			return NullValue, fmt.Errorf("the result has %d bytes; at most %d are allowed", len(x), maxText)
		}
		return StringValue(x), nil
	case time.Time:
		return DateTimeValue(TicksOf(x)), nil
	}
	return rt.fromObject(v)
}

// fromObject writes an object or array as JSON.
func (rt *jsRuntime) fromObject(v goja.Value) (Value, error) {
	obj, ok := v.(*goja.Object)
	if !ok {
		return NullValue, fmt.Errorf("the result is no number, string, bool, Date, object or array")
	}
	if _, isFunction := goja.AssertFunction(v); isFunction {
		return NullValue, fmt.Errorf("the result is a function")
	}
	var text []byte
	err := rt.limited(func() (err error) {
		text, err = obj.MarshalJSON()
		return err
	})
	switch {
	case err != nil:
		return NullValue, err
	case len(text) > maxText:
		return NullValue, fmt.Errorf("the result has %d bytes; at most %d are allowed", len(text), maxText)
	case skipValue(string(text), 0, 0) != len(text):
		return NullValue, fmt.Errorf("the result cannot be written as JSON")
	}
	return valueOf(string(text), nil), nil
}
