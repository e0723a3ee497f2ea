// Package run keeps programs and loops going: it starts a program as a group of
// processes of its own, passes its output on line by line and ends the whole
// group; it waits, twice as long after each failure; and it runs a thing again
// when it has ended.
//
// The one idea: a program is its process group. "go run", shells and package
// managers have children; what the leader leaves behind is ended with it, so
// nothing of a program outlives it, and a grandchild that holds an output open
// holds up nobody. Nor does it outlive us: see watchOver.
//
// It knows nothing of what the programs do: the functions host decides when a
// worker is healthy, the composition root which helpers run.
package run
