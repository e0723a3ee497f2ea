package streamsql

// MatchRecognize finds sequences of rows. Every row may begin a match (AFTER
// MATCH SKIP TO NEXT ROW); one row is emitted per match, at the Time of its last
// row.
//
// A condition is evaluated on the input row under test, after the runtime has
// written the value of each of its Aggregates over the rows matched so far into
// the reserved slot of that row. Measures are evaluated likewise on the last row
// of the match.
type MatchRecognize struct {
	Input       Node
	Duration    int64 // LIMIT DURATION in ticks: from first to last row of a match
	PartitionBy []*Expr
	Symbols     []MatchSymbol // in the order of DEFINE, then undefined ones of the pattern
	Pattern     *Pattern
	Aggregates  []*MatchAggregate
	// ClassifierSlot is the input slot for Classifier(): the array of symbol
	// names of the matched rows; -1 if it is not read.
	ClassifierSlot int
	// Emit computes the emitted row, slot by slot: partition keys, then
	// measures. A nil entry is NULL: an Analytic above will write it.
	Emit   []*Expr
	schema Schema
}

// Schema names the partition columns and the measures.
func (n *MatchRecognize) Schema() *Schema { return &n.schema }

// Children returns the input.
func (n *MatchRecognize) Children() []Node { return []Node{n.Input} }

// MatchSymbol is a name of the pattern. Without a condition it takes any row.
type MatchSymbol struct {
	Name string
	Cond *Expr // may be nil
}

// MatchAggregate is Min, Max, First or Last of a column over the rows of a match
// that were taken as Symbol. A column of another symbol without a function is
// Last; a column of the symbol under test is read from the row itself.
type MatchAggregate struct {
	Func   MatchFunc
	Symbol int   // index in Symbols
	Arg    *Expr // on input rows
	Slot   int   // reserved slot of input rows
}

// MatchFunc is an aggregate within a match.
type MatchFunc uint8

// The functions of a match.
const (
	MatchLast MatchFunc = iota
	MatchFirst
	MatchMin
	MatchMax
)

// PatternKind is the shape of a part of a pattern.
type PatternKind uint8

// The shapes.
const (
	PatternSymbol PatternKind = iota // one row that satisfies Symbol
	PatternAny                       // . : any one row
	PatternSequence
	PatternEither // a | b: the first that leads to a match
	PatternRepeat // greedy
)

// Pattern is a regular expression over symbols.
type Pattern struct {
	Kind     PatternKind
	Symbol   int // PatternSymbol: index in MatchRecognize.Symbols
	Parts    []*Pattern
	Min, Max int // PatternRepeat: * is 0,-1; + is 1,-1; ? is 0,1
}
