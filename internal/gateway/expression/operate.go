package expression

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
)

// operate applies a binary operator as C# does.
func operate(op string, l, r any) (any, error) {
	switch op {
	case "==":
		return equal(l, r), nil
	case "!=":
		return !equal(l, r), nil
	case "+":
		_, ls := l.(string)
		_, rs := r.(string)
		if ls || rs {
			return textOf(l) + textOf(r), nil
		}
	}
	l, r = bare(l), bare(r)
	if lb, ok := l.(bool); ok {
		if rb, ok := r.(bool); ok {
			switch op {
			case "&":
				return lb && rb, nil
			case "|":
				return lb || rb, nil
			case "^":
				return lb != rb, nil
			}
		}
	}
	if v, ok := operateTimes(op, l, r); ok {
		return v, nil
	}
	if l == nil || r == nil {
		if op == "<" || op == ">" || op == "<=" || op == ">=" {
			return false, nil // as of nullable numbers
		}
		if op == "+" && l == nil && r == nil {
			return "", nil
		}
	}
	a, b, ok := promote(l, r)
	if !ok {
		return nil, fmt.Errorf("operator %s cannot be applied to values of type %s and %s", op, typeNameOf(l), typeNameOf(r))
	}
	switch x := a.(type) {
	case int32:
		return operateInts(op, int64(x), int64(b.(int32)), true)
	case int64:
		return operateInts(op, x, b.(int64), false)
	}
	return operateReals(op, a.(float64), b.(float64))
}

// bare is the value of a JValue, and an operand of numbers as a number.
func bare(v any) any {
	switch v := v.(type) {
	case *Token:
		if v.Kind == Scalar {
			return v.Value
		}
	case Char:
		return int32(v)
	case byte:
		return int32(v)
	case Enum:
		return v.Number
	}
	return v
}

// promote brings two numbers to the type that both fit.
func promote(l, r any) (a, b any, ok bool) {
	lf, lok := toFloat(l)
	rf, rok := toFloat(r)
	if !lok || !rok {
		return nil, nil, false
	}
	_, lr := l.(float64)
	_, rr := r.(float64)
	if lr || rr {
		return lf, rf, true
	}
	li, lInt := l.(int32)
	ri, rInt := r.(int32)
	if lInt && rInt {
		return li, ri, true
	}
	return toInt64(l), toInt64(r), true
}

func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case int32:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func toInt64(v any) int64 {
	if i, ok := v.(int32); ok {
		return int64(i)
	}
	i, _ := v.(int64)
	return i
}

var errDivide = errors.New("attempted to divide by zero")

func operateInts(op string, a, b int64, narrow bool) (any, error) {
	var v int64
	switch op {
	case "+":
		v = a + b
	case "-":
		v = a - b
	case "*":
		v = a * b
	case "/", "%":
		if b == 0 {
			return nil, errDivide
		}
		if v = a % b; op == "/" {
			v = a / b
		}
	case "&":
		v = a & b
	case "|":
		v = a | b
	case "^":
		v = a ^ b
	case "<<":
		v = a << (b & shiftMask(narrow))
	case ">>":
		v = a >> (b & shiftMask(narrow))
	case "<":
		return a < b, nil
	case ">":
		return a > b, nil
	case "<=":
		return a <= b, nil
	case ">=":
		return a >= b, nil
	default:
		return nil, fmt.Errorf("operator %s is not for numbers", op)
	}
	if narrow {
		return int32(v), nil //nolint:gosec // C# wraps around too
	}
	return v, nil
}

func shiftMask(narrow bool) int64 {
	if narrow {
		return 31
	}
	return 63
}

func operateReals(op string, a, b float64) (any, error) {
	switch op {
	case "+":
		return a + b, nil
	case "-":
		return a - b, nil
	case "*":
		return a * b, nil
	case "/":
		return a / b, nil
	case "%":
		return math.Mod(a, b), nil
	case "<":
		return a < b, nil
	case ">":
		return a > b, nil
	case "<=":
		return a <= b, nil
	case ">=":
		return a >= b, nil
	}
	return nil, fmt.Errorf("operator %s is not for numbers with a fraction", op)
}

// operateTimes is arithmetic of DateTime and TimeSpan.
func operateTimes(op string, l, r any) (any, bool) {
	switch l := l.(type) {
	case Time:
		switch r := r.(type) {
		case Time:
			if op == "-" {
				return Span(l.Sub(r.Time)), true
			}
			return compared(op, l.Compare(r.Time))
		case Span:
			switch op {
			case "+":
				l.Time = l.Add(time.Duration(r))
				return l, true
			case "-":
				l.Time = l.Add(-time.Duration(r))
				return l, true
			}
		}
	case Span:
		if r, ok := r.(Span); ok {
			switch op {
			case "+":
				return l + r, true
			case "-":
				return l - r, true
			}
			return compared(op, int(min(max(l-r, -1), 1)))
		}
	}
	return nil, false
}

func compared(op string, c int) (any, bool) {
	switch op {
	case "<":
		return c < 0, true
	case ">":
		return c > 0, true
	case "<=":
		return c <= 0, true
	case ">=":
		return c >= 0, true
	}
	return nil, false
}

// equal is ==, by value also where C# would compare what variables hold by reference.
func equal(l, r any) bool {
	if t, ok := l.(*Token); ok {
		if u, ok := r.(*Token); ok {
			return deepEqual(t, u)
		}
	}
	lc, lChar := l.(Char)
	rc, rChar := r.(Char)
	if lChar && rChar {
		return lc == rc
	}
	l, r = bare(l), bare(r)
	if l == nil || r == nil {
		return l == nil && r == nil
	}
	if a, b, ok := promote(l, r); ok {
		return a == b
	}
	switch x := l.(type) {
	case Time:
		y, ok := r.(Time)
		return ok && x.Equal(y.Time)
	case []byte:
		y, ok := r.([]byte)
		return ok && len(x) == len(y) && (len(x) == 0 || &x[0] == &y[0] || bytes.Equal(x, y))
	case GUID:
		return textOf(x) == textOf(r)
	}
	if !isKey(l) || !isKey(r) {
		return false
	}
	return l == r
}

func isKey(v any) bool { return reflect.TypeOf(v).Comparable() }
