package streamsql

// WindowKind is a kind of window.
type WindowKind uint8

// The windows.
const (
	Tumbling WindowKind = iota
	Hopping
	Sliding
	Session
	Snapshot // GROUP BY System.Timestamp(): rows of the same time
)

var windowNames = [...]string{"tumbling", "hopping", "sliding", "session", "snapshot"}

// String names the window.
func (k WindowKind) String() string { return windowNames[k] }

// WindowSpec is one window. All lengths are in ticks.
type WindowSpec struct {
	Kind   WindowKind
	ID     string // of Windows(Window('id', …)); "" if the window has no name
	Size   int64  // Tumbling, Hopping, Sliding; Session: the maximum duration
	Hop    int64  // Tumbling: Size; Hopping: the step
	Offset int64  // Tumbling, Hopping: shifts the grid; may be negative
	// Timeout is the gap that ends a session.
	Timeout int64
	// SessionKeys are OVER(PARTITION BY …): each key has sessions of its own.
	// Without them all events share one session, whatever is grouped by.
	SessionKeys []*Expr
}

// Aggregate groups rows by Keys within windows. It emits one row per window and
// group that has at least one event, at the window's end (Time = end).
//
// Emitted slots: the keys from 0, then the results of Calls at their own Slot;
// if WindowIDSlot >= 0 that slot takes the window's ID, NULL if it has none.
// Other slots below Width are not used. Grouping takes equal values of
// different kinds (1 and 1.0) as one group; the key that is emitted is the first
// seen.
type Aggregate struct {
	Input        Node
	Keys         []*Expr // on input rows; Keys[i] is emitted in slot i
	Calls        []*AggregateCall
	Windows      []WindowSpec // at least one; several with Windows()
	WindowIDSlot int          // -1 if System.Window() is not read
	schema       Schema
}

// Schema describes the emitted groups.
func (n *Aggregate) Schema() *Schema { return &n.schema }

// Children returns the input.
func (n *Aggregate) Children() []Node { return []Node{n.Input} }

// AggregateFunc is an aggregate function.
type AggregateFunc uint8

// The aggregate functions. All but CountStar ignore NULL; over no values Count
// is 0 and the others are NULL.
const (
	CountStar      AggregateFunc = iota // COUNT(*): bigint
	Count                               // COUNT([DISTINCT] x): bigint
	Sum                                 // bigint while all values are, then float; overflow is a data error
	Avg                                 // float
	Min                                 // of comparable values, see Compare
	Max                                 //
	Stdev                               // sample; NULL for one value
	StdevP                              // population
	Var                                 // sample; NULL for one value
	VarP                                // population
	PercentileCont                      // interpolated, exact; OrderBy[0] is the value
	PercentileDisc                      // a value that occurs, exact; OrderBy[0] is the value
	Collect                             // array of Arg in arrival order
	CollectTop                          // array of {rank, value} records: the first N by OrderBy
	TopOne                              // the record that is first by OrderBy
	ApproxCountDistinct
	UserAggregate // uda.name(x)
)

var aggregateNames = [...]string{
	"COUNT", "COUNT", "SUM", "AVG", "MIN", "MAX", "STDEV", "STDEVP", "VAR", "VARP",
	"PERCENTILE_CONT", "PERCENTILE_DISC", "Collect", "CollectTop", "TopOne", "APPROX_COUNT_DISTINCT", "uda",
}

// String names the function.
func (f AggregateFunc) String() string { return aggregateNames[f] }

// OrderKey is one key of OVER(ORDER BY …) of TopOne, CollectTop and percentiles.
type OrderKey struct {
	Expr *Expr
	Desc bool
}

// AggregateCall is one aggregate. Equal calls of a query are one.
type AggregateCall struct {
	Func     AggregateFunc
	Distinct bool  // COUNT(DISTINCT x), SUM(DISTINCT x), …
	Arg      *Expr // on input rows; nil for CountStar and percentiles; the whole event as record for Collect(), TopOne(), CollectTop()
	TextArg  bool  // Arg is a string by the query's own word (CAST AS nvarchar(max)), not because the event has one
	Slot     int   // where the result goes in the emitted row
	Fraction float64
	N        int // CollectTop
	OrderBy  []OrderKey
	UDA      *UDA // UserAggregate
	Text     string
	Line     int
	Col      int
}

// AnalyticFunc is a function with OVER(… LIMIT DURATION …).
type AnalyticFunc uint8

// The analytic functions.
const (
	Lag AnalyticFunc = iota
	Last
	IsFirst
	RollingAggregate // SUM, AVG, … OVER(LIMIT DURATION …)
	SpikeAndDip      // AnomalyDetection_SpikeAndDip
	ChangePoint      // AnomalyDetection_ChangePoint
)

var analyticNames = [...]string{"LAG", "LAST", "ISFIRST", "rolling aggregate", "AnomalyDetection_SpikeAndDip", "AnomalyDetection_ChangePoint"}

// String names the function.
func (f AnalyticFunc) String() string { return analyticNames[f] }

// Analytic evaluates functions with OVER on each row, in arrival order of equal
// times, and writes each result into a slot of the same row that the layout has
// reserved for it. It stands directly above the source whose columns it reads:
// before WHERE, JOIN and GROUP BY.
type Analytic struct {
	Input Node
	Calls []*AnalyticCall
}

// Schema is the input's: the result slots are within its Width.
func (n *Analytic) Schema() *Schema { return n.Input.Schema() }

// Children returns the input.
func (n *Analytic) Children() []Node { return []Node{n.Input} }

// AnalyticCall is one function with OVER. All expressions read input rows.
//
//   - Lag: Arg of the Offset-th previous row of the partition for which When was
//     true, not older than Duration; Default (or NULL) if there is none. The
//     current row is not among them.
//   - Last: Arg of the latest row for which When was true, the current row
//     included, not older than Duration; Default (or NULL) if there is none.
//   - IsFirst: 1 for the first row (for which When is true) of each
//     epoch-aligned interval of length Duration, else 0.
//   - RollingAggregate: Aggregate over the rows for which When was true and that
//     are not older than Duration, the current row included.
//   - SpikeAndDip, ChangePoint: a record {IsAnomaly bigint, Score float}.
type AnalyticCall struct {
	Func        AnalyticFunc
	Arg         *Expr // nil for IsFirst and COUNT(*)
	Offset      int   // Lag; at least 1
	Default     *Expr // Lag and Last; may be nil
	PartitionBy []*Expr
	Duration    int64 // ticks
	When        *Expr // nil: every row counts
	Aggregate   *AggregateCall
	Anomaly     AnomalySpec
	Slot        int
	Text        string
	Line        int
	Col         int
}

// AnomalySpec are the parameters of the anomaly functions.
type AnomalySpec struct {
	Confidence float64 // percent, 1 to 100
	History    int     // how many values are remembered at most
	Spikes     bool
	Dips       bool
}
