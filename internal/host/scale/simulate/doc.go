// Package simulate plays a load over time against the controller of package scale and
// tells what comes of it: instances, backlog, latency, cost.
//
// The one idea: nothing is drawn by lot. Time goes by in steps of a second, what comes
// and what is done are whole numbers, and each function's waiting items are a line of
// cohorts by the second in which they came, so that latencies are counted, not guessed.
// The same input gives the same output on every machine.
//
// A second, for each group of functions that share instances:
//
//	arrive ─▶ sample ─▶ scale.Controller ─▶ instances start, work, go ─▶ serve ─▶ bill
//
// What is not modelled: how work is spread over instances (evenly), failures of
// functions, retries, storage and network, and that an instance which goes ends what it
// runs.
package simulate
