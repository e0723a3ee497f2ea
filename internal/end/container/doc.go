// Package container is a container of documents of this process as a stream job
// reads and writes it: its documents are reference data, rows become documents.
// The container is found by its name whenever it is used.
package container
