package cosmossql

import "fmt"

// builtin evaluates a function. The arguments are valid during the call.
type builtin func(f *frame, a []value) value

// function is one entry of the function table.
type function struct {
	min, max int // arguments; max -1: any number
	fn       builtin
	volatile bool // the value differs between calls or runs
	// prepare, if there is one, is called when all arguments but the first are
	// constant, and returns what to use instead of fn.
	prepare func(rest []value) (builtin, error)
}

// arity says how many arguments the function takes.
func (s function) arity() string {
	switch {
	case s.max == s.min && s.min == 1:
		return "1 argument"
	case s.max == s.min:
		return fmt.Sprintf("%d arguments", s.min)
	case s.max < 0:
		return fmt.Sprintf("at least %d arguments", s.min)
	}
	return fmt.Sprintf("%d to %d arguments", s.min, s.max)
}

// callExpr is a call of a builtin.
type callExpr struct {
	name string // in capitals
	fn   builtin
	args []expr
}

func (e *callExpr) eval(f *frame) value {
	base := len(f.args)
	for _, a := range e.args {
		v := a.eval(f)
		f.args = append(f.args, v)
	}
	v := e.fn(f, f.args[base:])
	f.args = f.args[:base]
	return v
}

// functions is every builtin but the aggregates, by its name in capitals.
var functions = merge(typeFunctions, stringFunctions, searchFunctions, convertFunctions,
	arrayFunctions, arrayMathFunctions, setFunctions, mathFunctions, integerFunctions, dateFunctions, clockFunctions)

// refusedFunctions are functions of the service that are not here, with what
// they need.
var refusedFunctions = map[string]string{
	"ST_AREA": "spatial types", "ST_DISTANCE": "spatial types", "ST_INTERSECTS": "spatial types",
	"ST_ISVALID": "spatial types", "ST_ISVALIDDETAILED": "spatial types", "ST_WITHIN": "spatial types",
	"VECTORDISTANCE":   "vector search",
	"FULLTEXTCONTAINS": "full-text search", "FULLTEXTCONTAINSALL": "full-text search",
	"FULLTEXTCONTAINSANY": "full-text search", "FULLTEXTSCORE": "full-text search", "RRF": "full-text search",
	"SUBSTRINGAFTER": "a rule for a missing delimiter, which is not published", "SUBSTRINGBEFORE": "a rule for a missing delimiter, which is not published",
	"LASTSUBSTRINGAFTER": "a rule for a missing delimiter, which is not published", "LASTSUBSTRINGBEFORE": "a rule for a missing delimiter, which is not published",
}

// merge joins the tables of the groups.
func merge(tables ...map[string]function) map[string]function {
	all := map[string]function{}
	for _, t := range tables {
		for name, fn := range t {
			all[name] = fn
		}
	}
	return all
}

// arg returns the i-th argument, or undefined if it was left out.
func arg(a []value, i int) value {
	if i < len(a) {
		return a[i]
	}
	return undefined
}

// optional says whether the i-th argument was left out or is of the kind.
func optional(a []value, i int, k Kind) bool { return i >= len(a) || a[i].kind == k }

// boolArg reads an optional boolean argument; ok is false if it is no boolean.
func boolArg(a []value, i int) (on, ok bool) {
	if i >= len(a) {
		return false, true
	}
	return a[i].kind == True, a[i].isBool()
}
