package streamsql

// TimeSlot in a JoinSlot stands for the row's Time as a DateTime.
const TimeSlot = -1

// JoinSlot says where a slot of a joined row comes from: slot Slot of the row of
// the left (0) or right (1) side, or that row's Time if Slot is TimeSlot. If the
// side has no row (LEFT JOIN, OUTER APPLY) the slot is NULL. Side Reserved: the
// slot is written by an Analytic above.
type JoinSlot struct {
	Side int
	Slot int
}

// Reserved is the side of a slot that no side fills.
const Reserved = -1

// Join joins two streams within a bound on their times. The emitted row's Time
// is the later of the two; of a left row without a match, the time at which no
// match can occur any longer (Bounds.Expiry).
//
// A pair matches if the keys are equal (NULL never is), and Residual is true on
// the joined row. Residual includes the DATEDIFF condition itself; Bounds only
// limits what is to be kept.
type Join struct {
	Left, Right         Node
	Outer               bool    // LEFT OUTER JOIN
	LeftKeys, RightKeys []*Expr // equality conditions, pairwise; may be empty
	Residual            *Expr   // on the joined row; nil if the keys say all
	Bounds              JoinBounds
	Slots               []JoinSlot
	schema              Schema
}

// Schema describes joined rows; Width is len(Slots).
func (n *Join) Schema() *Schema { return &n.schema }

// Children returns left and right.
func (n *Join) Children() []Node { return []Node{n.Left, n.Right} }

// JoinBounds is DATEDIFF(unit, left, right) BETWEEN Low AND High.
//
// DATEDIFF counts boundaries of the unit that lie between the two times, so a
// pair may be almost one unit further apart than High says.
type JoinBounds struct {
	Unit      Unit
	Low, High int64 // in units; Low may be negative
	// LeftTime reads the time of the left source on a row of the left side,
	// which differs from the row's Time when the left side is a join itself.
	// nil: the row's Time.
	LeftTime *Expr
	// LeftLag is the most that a left row's Time exceeds LeftTime, in ticks.
	LeftLag int64
}

// Range returns the least and the greatest difference right time - left time in
// ticks at which a pair can match.
func (b JoinBounds) Range() (low, high int64) {
	u := b.Unit.Ticks()
	return b.Low*u - (u - 1), b.High*u + (u - 1)
}

// Expiry returns the last right time, in ticks, that can match a left row of
// the given time.
func (b JoinBounds) Expiry(left int64) int64 {
	u := b.Unit.Ticks()
	return floorTo(left, u) + (b.High+1)*u - 1
}

// floorTo rounds t down to a multiple of u.
func floorTo(t, u int64) int64 {
	m := t % u
	if m < 0 {
		m += u
	}
	return t - m
}

// RefJoin looks up each left row in the version of the reference data that is
// valid at its Time. The emitted row keeps the left row's Time.
type RefJoin struct {
	Left                Node
	Input               *Input // reference data; its rows are the right side
	Alias               string
	Outer               bool
	LeftKeys, RightKeys []*Expr // RightKeys read rows of the reference data
	Residual            *Expr   // on the joined row
	Slots               []JoinSlot
	schema              Schema
}

// Schema describes joined rows; Width is len(Slots).
func (n *RefJoin) Schema() *Schema { return &n.schema }

// Children returns the left side.
func (n *RefJoin) Children() []Node { return []Node{n.Left} }

// ApplyKind says what APPLY iterates.
type ApplyKind uint8

// The iterations and the columns of their right side.
const (
	ArrayElements    ApplyKind = iota // slot 0 ArrayIndex (bigint from 0), slot 1 ArrayValue
	RecordProperties                  // slot 0 PropertyName (string), slot 1 PropertyValue
)

// Apply emits one row for each element of Arg, with the input row as left side
// and the element as right side of Slots. Outer keeps a row that has none. Time
// is kept.
type Apply struct {
	Input  Node
	Kind   ApplyKind
	Arg    *Expr // on input rows: an array (record), or NULL, which has no elements
	Outer  bool
	Slots  []JoinSlot
	schema Schema
}

// Schema describes emitted rows; Width is len(Slots).
func (n *Apply) Schema() *Schema { return &n.schema }

// Children returns the input.
func (n *Apply) Children() []Node { return []Node{n.Input} }
