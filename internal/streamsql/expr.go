package streamsql

// Expr is a compiled expression: a closure over the slots of the rows of one
// node. It keeps no state and may be used by many goroutines, each with rows
// that have a Scratch of their own.
type Expr struct {
	eval func(*Row) Value
	test func(*Row) truth // nil: test by eval
	text string           // canonical text, for explain and for names
	at   span
	slot int // the slot it reads and returns, or -1
	con  *Value
	// static is String if the script itself makes the value a string (or NULL):
	// by CAST, a literal, a string function. It is another type or Null if not.
	static Kind
}

// Eval returns the expression's value for a row. On a data error the value is
// NULL and r.Err is set.
func (e *Expr) Eval(r *Row) Value {
	if e.slot >= 0 {
		return r.Slots[e.slot]
	}
	return e.eval(r)
}

// Test says whether the expression is true for a row; NULL is not true.
func (e *Expr) Test(r *Row) bool {
	if e.test != nil {
		return e.test(r) == isTrue
	}
	v := e.Eval(r)
	return v.kind == Bit && v.num != 0
}

// Slot returns the slot number if the expression is nothing but a slot.
func (e *Expr) Slot() (int, bool) { return e.slot, e.slot >= 0 }

// Constant returns the value if the expression is the same for every row.
func (e *Expr) Constant() (Value, bool) {
	if e.con != nil {
		return *e.con, true
	}
	return Value{}, false
}

// String returns the expression's text as bound, for explain.
func (e *Expr) String() string { return e.text }

// truth is three-valued logic.
type truth uint8

const (
	isFalse truth = iota
	isTrue
	isUnknown // NULL
)
