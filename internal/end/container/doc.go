// Package container is where functions and stream jobs meet containers of
// documents: a trigger over the change feed, an output binding, reference data
// and a sink of jobs, and the containers of this process for all of them.
//
// For functions a container is a few small interfaces (service.go), so that the
// same code runs over the document store of this process and over a remote
// account. The trigger is a processor of package changefeed, which keeps its
// positions in lease documents that hosts on Azure and the vendor's processors
// share. A container is found by its name whenever it is used.
package container
