// Package container is where functions and stream jobs meet containers of
// documents: a trigger over the change feed, an output binding, reference data
// and a sink of jobs, and the containers of this process for all of them.
//
// For functions a container is a few small interfaces declared here
// (service.go), so that the same pump runs over the document store of this
// process and, one day, over a remote account. The position is a lease document
// in the shape of the vendor's change feed processor (lease.go). A container is
// found by its name whenever it is used.
package container
