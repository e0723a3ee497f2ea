package kql

import (
	"context"
	"iter"
)

// Tables is what a query may name. It must be safe for use by several queries
// at once.
type Tables interface {
	// Table gives the table of exactly this name.
	Table(name string) (Table, bool)
	// Names lists the tables, for `union *`, `search` and suggestions, in the
	// order in which people read them.
	Names() []string
}

// Others is implemented by Tables that can reach other resources: app('x'),
// workspace('x') and resource('x') before a table's name. Kind is that word.
type Others interface {
	Other(kind, name string) (Tables, bool)
}

// Table is rows with typed columns.
type Table interface {
	Columns() []Column
	// Time is the index of the column that Ask.From and Ask.To bound and that
	// Options.Span applies to, or -1.
	Time() int
	// Scan walks the rows that ask needs, and may yield more. What it yields is
	// never changed afterwards: the query keeps it. It ends early when the
	// loop does, and with an error when ctx ends.
	Scan(ctx context.Context, ask Ask) iter.Seq2[*Chunk, error]
}

// Column is a name and a type. Names differ in case too.
type Column struct {
	Name string
	Kind Kind
}

// Ask describes one walk over a table. Only Columns is an order; the rest are
// facts about the rows that are needed, by which a table can skip chunks. Rows
// beyond them do no harm: the query checks every row again.
type Ask struct {
	// Columns are the indexes of the columns that are needed, ascending.
	// Chunk.Columns has one entry for each of them, in this order. May be empty:
	// then only Chunk.N counts.
	Columns []int
	// From and To bound the time column in ticks: From <= t < To. 0 is open.
	From, To int64
	// Terms hold for every row that is needed, all of them.
	Terms []Term
	// Newest asks for chunks with later times first: the query stops early, or
	// shows the newest. The order within a chunk does not matter.
	Newest bool
	// Floor, if not nil, gives a time in ticks that rises while the scan runs:
	// rows that are older are no longer needed. Ask before each chunk.
	Floor func() int64
}

// Term is a condition on a column of texts (string, or dynamic as its JSON).
type Term struct {
	Column int // index in Table.Columns
	How    TermKind
	Text   string
}

// TermKind says how a Term's text relates to the column's.
type TermKind uint8

const (
	// TermEqual: the column equals Text, with case.
	TermEqual TermKind = iota
	// TermEqualFold: the column equals Text, without case.
	TermEqualFold
	// TermHas: the column has Text as whole words, without case.
	TermHas
	// TermContains: the column has Text anywhere, without case.
	TermContains
)

// Chunk is some rows, column by column. A few thousand rows are a good size.
type Chunk struct {
	N       int
	Columns []*Vector
}

// Vector is a column of a chunk. Which slice holds its values follows from
// Kind; row i is at index i:
//
//	Bool (0, 1), Int, Long, Datetime, Timespan   Ints
//	Real                                         Reals
//	String, GUID, Decimal                        Texts, or Texts[Codes[i]]
//	Dynamic                                      JSON in Texts, or Texts[Codes[i]]; or Dynamics
//
// Datetime is ticks of 100 ns since 0001-01-01 UTC, Timespan ticks. GUID is the
// lower-case text with hyphens, Decimal plain digits. A string is never null:
// one that is missing is "". Dynamic JSON that is missing is "".
type Vector struct {
	Kind  Kind
	Ints  []int64
	Reals []float64
	Texts []string
	// Codes, if not nil, are indexes in Texts, which then is a dictionary: it
	// may be shared by many chunks and should have no text twice. Conditions on
	// texts then cost once per text instead of once per row.
	Codes []uint32
	// Dynamics are values as Value.Dynamic gives them.
	Dynamics []any
	// Nulls has a bit for each row that is null; nil where none is.
	Nulls Bitmap
	// Same says that index 0 stands for every row.
	Same bool
	// Load, if not nil, gives the vector when it is first needed: all other
	// fields but Kind are empty then. A chunk none of whose rows is kept never
	// loads the columns that conditions do not read. It is called once at most,
	// perhaps after the scan has moved on. The query then fills in the Vector that
	// has it: such a Vector belongs to one scan.
	Load func() (*Vector, error)
}

// Bitmap is a set of row numbers.
type Bitmap []uint64

// NewBitmap returns an empty set with room for n rows.
func NewBitmap(n int) Bitmap { return make(Bitmap, (n+63)/64) }

// Has reports whether i is in the set. A nil set has nothing.
func (b Bitmap) Has(i int) bool { return b != nil && b[i>>6]&(1<<(i&63)) != 0 }

// Set puts i into the set.
func (b Bitmap) Set(i int) { b[i>>6] |= 1 << (i & 63) }
