// Package streamsql is the query language of Stream Analytics: it parses a
// script, binds its names and compiles it to a logical plan over rows of slots.
//
// The one idea: names end at compile time. Every column that any part of a
// script reads becomes a numbered slot of the row that carries it, so a running
// job touches neither names nor maps: the decoder writes the few JSON values
// that are read into Row.Slots in one pass over the event, and an expression is
// a closure over slot numbers and constants.
//
//	text ─Parse▶ *Script ─Compile▶ *Program{Inputs, Steps, Outputs}
//	             syntax            logical nodes, slots, compiled Expr
//
// A Program says what is to be computed, in which order rows flow and what
// state is keyed by what; it holds no state itself. Windows, joins, watermarks
// and checkpoints are run by package stream over this plan.
//
// What it does not do: it opens no input and no output, keeps no clock, and
// runs no query. What the language has and this package lacks is refused with
// line and column; nothing is skipped in silence.
//
// # Values and errors
//
// A Value carries its own type; columns have none. Missing properties are NULL,
// arithmetic and comparison with NULL is NULL, and a condition keeps a row only
// when it is true. An operation that has no answer for one row (a failed CAST,
// a bigint overflow, a division by zero) is a data error of that row: it is put
// into Row.Err, the value is NULL, and the runtime drops the row and counts it.
package streamsql
