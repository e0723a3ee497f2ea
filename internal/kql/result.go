package kql

import (
	"iter"
	"time"
)

// Options is what a query runs with. The zero Options is now, everything, and
// the limits that Limits names.
type Options struct {
	// Now is the moment of now() and ago(); zero is the clock's.
	Now time.Time
	// From and To bound the time column of every table that the query names:
	// From <= t < To. Zero is open.
	From, To time.Time
	// Also are further places whose tables of the same name are joined to the
	// query's own: what the query API calls workspaces and applications.
	Also   []Tables
	Limits Limits
}

// Limits bound what a query costs. A field that is 0 has the default.
type Limits struct {
	Rows   int           // rows of the result; more are cut: 500,000
	Bytes  int64         // size of the result, about; more is cut: 64 MB
	Memory int64         // what operators hold at once, about: 512 MB
	Steps  int64         // rows that operators hand on, in all: 2,000,000,000
	Time   time.Duration // 3 minutes
}

// Result is the answer.
type Result struct {
	Columns []Column
	Chunks  []*Chunk
	Rows    int
	// Partial, if not nil, says why rows were left out. The rest is good.
	Partial *Error
	// Render is how the query asks to be drawn; nil where it does not.
	Render *Render
	// Scanned counts the rows that tables gave.
	Scanned int64
}

// Render is a hint for drawing: `render timechart with (title="x")`.
type Render struct {
	Kind       string
	Properties []Property
}

// Property is one of a Render: title, xcolumn, ycolumns, series, kind and so on.
type Property struct{ Name, Value string }

// All walks the rows. The slice is used again for the next row.
func (r *Result) All() iter.Seq[[]Value] {
	return func(yield func([]Value) bool) {
		row := make([]Value, len(r.Columns))
		for _, c := range r.Chunks {
			for i := range c.N {
				for j, v := range c.Columns {
					row[j] = v.At(i)
				}
				if !yield(row) {
					return
				}
			}
		}
	}
}
