package streamsql

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// expr binds and compiles an expression.
func (sc *scope) expr(x syntax) *Expr {
	if sc.groups != nil {
		if e := sc.group(x); e != nil {
			return e
		}
	}
	if sc.match != nil {
		if e := sc.matchExpr(x); e != nil {
			return e
		}
	}
	switch x := x.(type) {
	case *literal:
		return sc.located(constExpr(x.value, x.at), x)
	case *nameExpr:
		return sc.nameOrRow(x)
	case *callExpr:
		return sc.call(x)
	case *fieldExpr:
		v := sc.expr(x.x)
		return sc.fold(x, pathExpr(v, []string{x.name.text}), v)
	case *unaryExpr:
		return sc.unary(x)
	case *binaryExpr:
		return sc.binary(x)
	case *betweenExpr:
		v, low, high := sc.expr(x.x), sc.expr(x.low), sc.expr(x.high)
		e := andExpr(sc.compare(x, ">=", v, low), sc.compare(x, "<=", v, high))
		if x.not {
			e = notExpr(e)
		}
		return sc.fold(x, e, v, low, high)
	case *inExpr:
		return sc.inList(x)
	case *likeExpr:
		return sc.like(x)
	case *isNullExpr:
		v := sc.expr(x.x)
		return sc.fold(x, isNullTest(v, x.not), v)
	case *caseExpr:
		return sc.caseOf(x)
	case *castExpr:
		v := sc.expr(x.x)
		return sc.fold(x, castTo(v, x.kind, x.try, sc.site(x, "CAST")), v)
	}
	panic(fmt.Sprintf("unknown expression %T", x))
}

// condition binds an expression that must be a predicate as far as is known.
func (sc *scope) condition(x syntax) *Expr {
	e := sc.expr(x)
	if v, ok := e.Constant(); ok && v.kind != Bit && v.kind != Null {
		sc.fail(x.where(), "a condition is expected here, such as a comparison; this is a %s", v.kind)
	}
	return sc.located(testExpr(e, sc.site(x, "condition")), x)
}

// site is the place of an operation, for data errors.
func (sc *scope) site(x syntax, name string) *site {
	line, col := lineCol(sc.b.text, x.where().start)
	return &site{line: line, col: col, name: name}
}

// fold gives e its place, and evaluates it once if its operands are constant.
func (sc *scope) fold(x syntax, e *Expr, operands ...*Expr) *Expr {
	e = sc.located(e, x)
	for _, o := range operands {
		if o != nil && o.con == nil {
			return e
		}
	}
	row := Row{}
	v := e.Eval(&row)
	var data *DataError
	if errors.As(row.Err, &data) {
		sc.fail(x.where(), "%s", data.Msg)
	}
	return sc.located(constExpr(v.Clone(), x.where()), x)
}

func (sc *scope) unary(x *unaryExpr) *Expr {
	v := sc.expr(x.x)
	switch x.op {
	case "NOT":
		return sc.fold(x, notExpr(testExpr(v, sc.site(x.x, "condition"))), v)
	case "+":
		return v
	case "~":
		return sc.fold(x, complement(v, sc.site(x, "~")), v)
	}
	return sc.fold(x, negate(v, sc.site(x, "-")), v)
}

func (sc *scope) binary(x *binaryExpr) *Expr {
	a, b := sc.expr(x.x), sc.expr(x.y)
	switch x.op {
	case "AND", "OR":
		a, b := testExpr(a, sc.site(x.x, "condition")), testExpr(b, sc.site(x.y, "condition"))
		if x.op == "AND" {
			return sc.fold(x, andExpr(a, b), a, b)
		}
		return sc.fold(x, orExpr(a, b), a, b)
	case "=", "<>", "<", "<=", ">", ">=":
		return sc.compare(x, x.op, a, b)
	}
	e := arithmetic(x.op, a, b, sc.site(x, x.op))
	if x.op == "+" && a.static == String && b.static == String {
		e.static = String
	}
	return sc.fold(x, e, a, b)
}

func (sc *scope) compare(x syntax, op string, a, b *Expr) *Expr {
	return sc.fold(x, comparison(op, a, b, sc.site(x, op)), a, b)
}

func (sc *scope) inList(x *inExpr) *Expr {
	v := sc.expr(x.x)
	if len(x.list) > maxChain {
		sc.fail(x.at, "IN takes at most %d values; JOIN reference data for more", maxChain)
	}
	var any *Expr
	operands := []*Expr{v}
	for _, item := range x.list {
		e := sc.expr(item)
		operands = append(operands, e)
		eq := sc.compare(item, "=", v, e)
		if any != nil {
			eq = orExpr(any, eq)
		}
		any = eq
	}
	if x.not {
		any = notExpr(any)
	}
	return sc.fold(x, any, operands...)
}

func (sc *scope) like(x *likeExpr) *Expr {
	v, pattern := sc.expr(x.x), sc.expr(x.pattern)
	escape := rune(0)
	if x.escape != nil {
		text := []rune(sc.constant(x.escape).Text())
		if len(text) != 1 {
			sc.fail(x.escape.where(), "ESCAPE takes one character")
		}
		escape = text[0]
	}
	e := likeTest(v, pattern, escape, sc.site(x, "LIKE"))
	if x.not {
		e = notExpr(e)
	}
	return sc.fold(x, e, v, pattern)
}

func (sc *scope) caseOf(x *caseExpr) *Expr {
	var operand *Expr
	operands := []*Expr{}
	if x.operand != nil {
		operand = sc.expr(x.operand)
		operands = append(operands, operand)
	}
	var branches []caseBranch
	for _, w := range x.whens {
		cond := sc.expr(w.cond)
		operands = append(operands, cond)
		if operand != nil {
			cond = sc.compare(w.cond, "=", operand, cond)
		} else {
			cond = testExpr(cond, sc.site(w.cond, "condition"))
		}
		result := sc.expr(w.result)
		operands = append(operands, result)
		branches = append(branches, caseBranch{cond, result})
	}
	other := constExpr(NullValue, x.at)
	if x.other != nil {
		other = sc.expr(x.other)
	}
	return sc.fold(x, caseWhen(branches, other), append(operands, other)...)
}

// call binds a function that is not an aggregate over groups.
func (sc *scope) call(x *callExpr) *Expr {
	switch {
	case isAggregateCall(x):
		if sc.clause == "SELECT" || sc.clause == "HAVING" {
			sc.fail(x.at, "%s is an aggregate: add GROUP BY with a window, or OVER (LIMIT DURATION(unit, n))", x.name.text)
		}
		sc.fail(x.at, "the aggregate %s is not valid in %s", x.name.text, sc.clause)
	case isAnalyticCall(x):
		return sc.located(slotExpr(sc.analyticSlot(x), ""), x)
	case x.prefix == "system":
		return sc.system(x)
	}
	if x.over != nil && (x.prefix != "" || slices.Contains(functionList(), strings.ToLower(x.name.text))) {
		sc.fail(x.over.at, "%s takes no OVER", x.name.text)
	}
	if x.star || x.distinct {
		sc.fail(x.at, "%s takes neither * nor DISTINCT", x.name.text)
	}
	if x.prefix == "udf" {
		script := sc.b.js["udf."+strings.ToLower(x.name.text)]
		if script == nil {
			sc.fail(x.name.at, "the job has no function 'udf.%s'%s", x.name.text, sc.b.functionNames("udf."))
		}
		var args []*Expr
		for _, arg := range x.args {
			args = append(args, sc.expr(arg))
		}
		return sc.located(jsCall(script, args, sc.site(x, "udf."+x.name.text)), x)
	}
	switch strings.ToLower(x.name.text) {
	case "getmetadatapropertyvalue":
		return sc.metadata(x)
	case "coalesce":
		sc.arity(x, 2, -1)
		args := sc.exprs(x.args)
		return sc.fold(x, coalesce(args), args...)
	case "nullif":
		sc.arity(x, 2, 2)
		a, b := sc.expr(x.args[0]), sc.expr(x.args[1])
		return sc.fold(x, nullIf(a, comparison("=", a, b, sc.site(x, "NULLIF"))), a, b)
	case "iif":
		sc.arity(x, 3, 3)
		cond := testExpr(sc.expr(x.args[0]), sc.site(x.args[0], "condition"))
		yes, no := sc.expr(x.args[1]), sc.expr(x.args[2])
		return sc.fold(x, caseWhen([]caseBranch{{cond, yes}}, no), cond, yes, no)
	case "getarrayelements", "getrecordproperties":
		sc.fail(x.at, "%s makes rows: use it as FROM source CROSS APPLY %[1]s(x) AS alias", x.name.text)
	case "classifier", "first":
		sc.fail(x.at, "%s is valid only in MATCH_RECOGNIZE", x.name.text)
	}
	if isWindowName(x.name.text) {
		sc.fail(x.at, "%s is a window: it is valid only in GROUP BY", x.name.text)
	}
	return sc.scalar(x)
}

func isWindowName(name string) bool {
	switch strings.ToLower(name) {
	case "tumblingwindow", "tumbling", "hoppingwindow", "hopping", "slidingwindow", "sliding", "sessionwindow", "session", "windows":
		return true
	}
	return false
}

// plural counts things for a message.
func plural(n int, noun string) string {
	words := []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	s := fmt.Sprint(n)
	if n < len(words) {
		s = words[n]
	}
	switch {
	case noun == "":
		return s
	case n == 1:
		return s + " " + noun
	}
	return s + " " + noun + "s"
}
