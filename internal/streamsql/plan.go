package streamsql

// Program is a compiled script.
//
// Steps are in topological order: a step reads only inputs and earlier steps.
// Each WITH step, each subquery in FROM and each SELECT … INTO is a step. The
// root of an output step is a *Sink.
type Program struct {
	Text    string
	Inputs  []*Input  // in order of first use
	Steps   []*Step   // topological
	Outputs []*Output // in order of first use; several steps may feed one
}

// Step is one query of the script.
type Step struct {
	Name      string // name of a WITH step as written; "" for an output step
	Index     int    // position in Program.Steps
	Root      Node
	Consumers int // how many StepRef nodes read it
	Line, Col int

	multiplied uint64 // rows that one event of each input makes at most
}

// Output is a target of SELECT … INTO.
type Output struct {
	Name  string // as written first
	Steps []*Step
}

// Column is one column of what a node emits.
type Column struct {
	Name   string // as written; "" for Spread
	Slot   int
	Spread bool // the slot holds a record whose properties are columns (SELECT *)
}

// Schema says which slot of an emitted row holds what. Rows of the node have
// Width slots; slots outside Columns are read by compiled expressions only.
type Schema struct {
	Columns []Column
	Width   int
}

// Node is a logical operator. Its concrete type is one of the pointer types in
// this package: *Source, *StepRef, *Filter, *Analytic, *Project, *Aggregate,
// *Join, *RefJoin, *Union, *Apply, *MatchRecognize, *Sink.
type Node interface {
	// Schema describes the rows that the node emits.
	Schema() *Schema
	// Children returns the nodes whose rows the node consumes, in order.
	Children() []Node
}

// Input is one input of the job, decoded once for all its Source and RefJoin
// nodes: all of them see rows with the input's Schema.
type Input struct {
	Name      string // as written first
	Reference bool   // reference data, not a stream
	schema    Schema

	// Fields are the JSON paths to decode, each into its slot.
	Fields []Field
	// Meta are the slots that are filled from the event's envelope instead.
	Meta []MetaField
	// View computes columns of reference data that a step of WITH reads; nil if
	// there is none.
	View *View
	// Typed says that CREATE TABLE declares the input: a row whose declared
	// column does not convert is a data error.
	Typed bool
}

// View is what a step of WITH makes of rows of reference data.
type View struct {
	Slots []int
	Exprs []*Expr // Exprs[i] goes to Slots[i]
	Cond  *Expr   // WHERE; nil: all rows
}

// Complete computes the View of a decoded row and says whether the row is to be
// kept. A data error is in row.Err.
func (in *Input) Complete(row *Row) bool {
	if in.View == nil {
		return true
	}
	if in.View.Cond != nil && !in.View.Cond.Test(row) {
		return false
	}
	for i, e := range in.View.Exprs {
		row.Slots[in.View.Slots[i]] = e.Eval(row)
	}
	return row.Err == nil
}

// Schema describes decoded rows.
func (in *Input) Schema() *Schema { return &in.schema }

// Field is a JSON path that the script reads. An empty path is the whole event
// as a Record.
type Field struct {
	Path []string // property names, matched without case
	Slot int
	Type Kind // declared by CREATE TABLE; Null if the value keeps its own type
}

// MetaField is a slot that the runtime fills from the envelope of the event,
// after decoding.
type MetaField struct {
	Slot int
	// Name is one of EventHubProperties, of a blob BlobName or
	// BlobLastModifiedUtcTime, "EventId" (a GUID of the event's place),
	// "EventHub" (all of them as a record), or with User a property that the
	// sender has set; "" with User is all of those as a record.
	Name string
	User bool // [User].[name]: an application property
	// IfMissing: only if the event itself has no such property (the slot is
	// also the target of a Field).
	IfMissing bool
}

// Source reads a stream input. Without Timestamp the event time is the arrival
// time.
type Source struct {
	Input     *Input
	Alias     string
	Timestamp *Expr   // TIMESTAMP BY, evaluated on the decoded row; nil: arrival time
	Over      []*Expr // TIMESTAMP BY … OVER: an own timeline for each key
	Partition Partitioning
}

// SameTime says whether the other source gives the same times to the same events,
// so that what is wrong with them is wrong for both.
func (n *Source) SameTime(o *Source) bool {
	if n.Input != o.Input || len(n.Over) != len(o.Over) {
		return false
	}
	for i := range n.Over {
		if !n.Over[i].same(o.Over[i]) {
			return false
		}
	}
	return n.Timestamp.same(o.Timestamp)
}

// same says whether two expressions over the same rows are known to be equal.
func (e *Expr) same(o *Expr) bool {
	switch {
	case e == nil || o == nil:
		return e == o
	case e.slot >= 0 || o.slot >= 0:
		return e.slot == o.slot
	}
	return e.text == o.text
}

// Schema is the input's.
func (n *Source) Schema() *Schema { return n.Input.Schema() }

// Children returns none.
func (n *Source) Children() []Node { return nil }

// Partitioning is an explicit PARTITION BY; none if Keys is empty.
type Partitioning struct {
	Keys []*Expr // on the rows of the node that carries it
	Into int     // INTO n; 0 if not given
}

// StepRef reads the rows of an earlier step. Its rows are the step's rows: what
// an Analytic above writes goes to a slot that no other reader uses.
type StepRef struct {
	Step      *Step
	Alias     string
	Partition Partitioning
}

// Schema is that of the step's root.
func (n *StepRef) Schema() *Schema { return n.Step.Root.Schema() }

// Children returns none: the step is run once for all its readers.
func (n *StepRef) Children() []Node { return nil }

// Filter passes the rows for which Cond is true (WHERE, HAVING).
type Filter struct {
	Input Node
	Cond  *Expr
}

// Schema is the input's.
func (n *Filter) Schema() *Schema { return n.Input.Schema() }

// Children returns the input.
func (n *Filter) Children() []Node { return []Node{n.Input} }

// Project computes new rows: slot i of the emitted row is Exprs[i] on the input
// row, NULL if Exprs[i] is nil (a slot that an Analytic above will write). Time,
// Arrival and Partition are kept.
type Project struct {
	Input  Node
	Exprs  []*Expr
	schema Schema
}

// Schema names the columns.
func (n *Project) Schema() *Schema { return &n.schema }

// Children returns the input.
func (n *Project) Children() []Node { return []Node{n.Input} }

// Sink writes the columns of its input to an output. See Encoder.
type Sink struct {
	Input     Node
	Output    *Output
	Partition Partitioning // INTO output PARTITION BY
}

// Schema is the input's.
func (n *Sink) Schema() *Schema { return n.Input.Schema() }

// Children returns the input.
func (n *Sink) Children() []Node { return []Node{n.Input} }

// Union passes the rows of all branches in event-time order. Slot i of the
// emitted row is slot Slots[b][i] of a row of branch b, NULL if that is Reserved.
// Every row has the columns of the first branch.
type Union struct {
	Branches []Node
	Slots    [][]int
	schema   Schema
}

// Schema has the first branch's names.
func (n *Union) Schema() *Schema { return &n.schema }

// Children returns the branches.
func (n *Union) Children() []Node { return n.Branches }
