package streamsql

// Ticks per unit of time. Times are counted in 100 ns ticks.
const (
	TicksPerMicrosecond int64 = 10
	TicksPerMillisecond       = 1000 * TicksPerMicrosecond
	TicksPerSecond            = 1000 * TicksPerMillisecond
	TicksPerMinute            = 60 * TicksPerSecond
	TicksPerHour              = 60 * TicksPerMinute
	TicksPerDay               = 24 * TicksPerHour
)

// Row is one event on its way through the plan.
//
// Which slot holds what is decided by the node that emits the row: its Schema.
// Slots has at least Schema().Width entries. A node that passes rows on (Filter,
// Analytic) passes the same slots on.
type Row struct {
	Time      int64   // System.Timestamp() in ticks; set by the source's policies, then by windows and joins
	Arrival   int64   // arrival (enqueued) time in ticks
	Partition int32   // input partition, or the partition of the step
	Slots     []Value // columns by slot number

	// Scratch is the evaluation memory of the goroutine that evaluates the
	// row. Required: computed strings live in it until its Reset, and
	// JavaScript functions have their runtime in it.
	Scratch *Scratch

	// Err is the first data error of an evaluation on this row, a
	// *DataError. The evaluator only ever sets it; whoever evaluates checks it
	// after a node's expressions are done, drops the row, counts the error and
	// clears it before the row is evaluated for another consumer.
	Err error
}

// DataError is the reason why an expression has no value for one row.
type DataError struct {
	Line, Col int    // of the expression in the script, from 1; 0 if it is the event itself
	Msg       string // what happened, with the value at fault
	Missing   bool   // a column that CREATE TABLE declares is not there
}

// Error gives line, column and message.
func (e *DataError) Error() string {
	if e.Line == 0 {
		return e.Msg
	}
	return positioned(e.Line, e.Col, e.Msg)
}
