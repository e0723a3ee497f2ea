// Package stream runs compiled Stream Analytics queries over event time.
//
// The one idea: everything that makes streams hard happens once, at the edge.
// Each input partition has a timeline that applies the early, late and
// out-of-order policies, and a merge puts all partitions of a source into one
// order (time, partition, offset). From there on every operator receives rows
// in non-decreasing time and, now and then, the promise that no later row has a
// time below the watermark. A window has one open instance, a join expires from
// the front of a queue, LAG looks at the last row: no operator sorts, and none
// has to take a result back.
//
//	Source ─reader▶ decode ─▶ timeline ─▶ merge ─▶ operators ─▶ encode ─▶ Sink
//	        own goroutine     └──────── a lane: one goroutine ────────┘  own goroutine
//
// TIMESTAMP BY … OVER gives each key its own time, so there is no one order: the
// merge is then by arrival, and behind it each key has operators of its own.
//
// A lane owns all state of its operators, its input positions and its output
// numbers. It saves them together, between two batches, as one byte snapshot.
// The order of rows is a function of the inputs and of journalled idle times
// alone, so a lane that goes on from a snapshot emits the same rows under the
// same numbers as one that never stopped. A query that keeps rows of different
// partitions apart runs as one lane for each partition.
//
// What it does not do: it knows no broker, store or protocol (those implement
// Source, Sink, Reference and Store), and it parses no SQL (package streamsql).
package stream
