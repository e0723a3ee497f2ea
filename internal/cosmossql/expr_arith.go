package cosmossql

import "math"

// arithExpr is an operator on two numbers, or || on two strings. Anything else,
// and a result that is no finite number, is undefined.
type arithExpr struct {
	op   string
	l, r expr
}

func (e *arithExpr) eval(f *frame) value {
	l, r := e.l.eval(f), e.r.eval(f)
	if e.op == "||" {
		if l.kind != String || r.kind != String {
			return undefined
		}
		return f.run.sized(stringValue(append(append(make([]byte, 0, len(l.text)+len(r.text)), l.text...), r.text...)))
	}
	if l.kind != Number || r.kind != Number {
		return undefined
	}
	return arith(e.op, l.num, r.num)
}

func arith(op string, l, r float64) value {
	switch op {
	case "+":
		return finite(l + r)
	case "-":
		return finite(l - r)
	case "*":
		return finite(l * r)
	case "/":
		return finite(l / r)
	case "%":
		return finite(math.Mod(l, r))
	}
	a, b := toInt32(l), toInt32(r)
	switch op {
	case "|":
		a |= b
	case "&":
		a &= b
	case "^":
		a ^= b
	case "<<":
		a <<= uint32(b) & 31
	case ">>":
		a >>= uint32(b) & 31
	case ">>>":
		return numberValue(float64(uint32(a) >> (uint32(b) & 31)))
	}
	return numberValue(float64(a))
}

// finite is the number, or undefined for infinities and NaN.
func finite(f float64) value {
	if !isFinite(f) {
		return undefined
	}
	return numberValue(f)
}

func isFinite(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) }

// toInt32 is the conversion that bit operators apply: the integer part modulo
// 2^32.
func toInt32(f float64) int32 {
	if !isFinite(f) {
		return 0
	}
	if f = math.Trunc(f); math.Abs(f) < 1<<62 {
		return int32(uint32(int64(f)))
	}
	m := math.Mod(f, 1<<32)
	if m < 0 {
		m += 1 << 32
	}
	return int32(uint32(m))
}

// signExpr is a unary + - or ~ on a number.
type signExpr struct {
	op string
	x  expr
}

func (e *signExpr) eval(f *frame) value {
	x := e.x.eval(f)
	if x.kind != Number {
		return undefined
	}
	switch e.op {
	case "-":
		return numberValue(-x.num)
	case "~":
		return numberValue(float64(^toInt32(x.num)))
	}
	return x
}
