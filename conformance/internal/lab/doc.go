// Package lab is what the conformance suites share: it builds and starts the
// real lazuli binary, runs the tests that SDK modules ship, and compares what
// happened with the table of expected failures.
//
// The one idea: the table (expected.txt) and reality must agree exactly. A
// test that fails without being listed is an error, and so is a listed one
// that passes, because the table is also the published compatibility matrix.
//
// A tool that is missing (Node, Python, the network) is no failure on a
// developer's machine: Missing notes it in out/not-run.txt, which the
// conformance script prints at the end. With CI=true it fails the run.
package lab
