// Package trial runs a stream query over a few events in a process of its own,
// for a look: what would it write?
//
// The one idea: a query that somebody is still writing may ask for anything, and
// an engine that is asked for a thousand million rows is not stopped from within.
// So it runs in a child that is told what to read over its standard input and
// answers on its standard output. The child is ended when its time is over, and
// ends itself when it holds too much; the server, its jobs and their checkpoints
// are another process.
//
// It does not know where events come from, keeps nothing, and writes to no
// output.
package trial
