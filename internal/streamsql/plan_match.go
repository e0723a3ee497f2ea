package streamsql

// MatchRecognize finds sequences of rows, in event-time order. Every row may
// begin a match (AFTER MATCH SKIP TO NEXT ROW, the only skip clause), so matches
// overlap, and what is found from one row does not depend on what is found from
// another. A match takes rows that follow each other within the partition; its
// last row is at most Duration after its first.
//
// From one row at most one match is found: of all sequences that fit the
// pattern the one that is preferred, where a repetition prefers to go on, and
// a | b prefers a. Beyond its least number a repetition of no rows is none, and a
// sequence of no rows is no match. One row is emitted for each match, at the Time
// of its last row.
//
// A condition is evaluated on the input row under test, after the runtime has
// written the value of each aggregate that it Reads into the reserved slot of
// that row: over the rows matched so far and, for aggregates of the symbol under
// test, that row. A condition that has a data error is not true. Measures are
// evaluated on the last row of the match, with all Aggregates over its rows and
// the ClassifierSlot written.
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
	Name  string
	Cond  *Expr // may be nil
	Reads []int // what Cond reads: indices in Aggregates
}

// MatchAggregate is Min, Max, First or Last of a column over the rows of a match
// that were taken as Symbol. Without such a row it is NULL. Min and Max pass
// over NULL; First and Last are the value of that row, even if it is NULL. A
// column of another symbol without a function is Last; a column of the symbol
// under test is read from the row itself.
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
	PatternRepeat // as often as it can
)

// Pattern is a regular expression over symbols.
type Pattern struct {
	Kind     PatternKind
	Symbol   int // PatternSymbol: index in MatchRecognize.Symbols
	Parts    []*Pattern
	Min, Max int // PatternRepeat: * is 0,-1; + is 1,-1; ? is 0,1; Max is at least 1
}

// MaxPatternPlaces bounds the places of a pattern: its symbols, each counted as
// often as a bounded repetition around it says.
const MaxPatternPlaces = 1000

// places counts them, up to one more than is allowed.
func (p *Pattern) places() int {
	switch p.Kind {
	case PatternSymbol, PatternAny:
		return 1
	case PatternSequence, PatternEither, PatternRepeat:
	}
	n := 0
	for _, part := range p.Parts {
		n = min(n+part.places(), MaxPatternPlaces+1)
	}
	if p.Kind == PatternRepeat {
		n *= max(p.Min, p.Max, 1)
	}
	return min(n, MaxPatternPlaces+1)
}
