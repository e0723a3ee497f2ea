// Package transfer copies bytes between files, blobs and the standard streams, over
// the official client of Azure's Blob service: the same against a lazuli that runs
// here and against Azure.
//
// The one idea is that nothing but the data says how far a copy got. A block's id
// holds its place and the MD5 of its bytes, so that an upload asks the service which
// of its blocks are there, and sends the others; a download writes in order into a
// file beside its target whose name is of the blob's ETag, so that the file's length
// is the position. Neither keeps a journal that could disagree with the data, and a
// process that was killed goes on as one that was asked to stop.
//
// What is copied is there whole or not at all: a blob is committed, and a file takes
// its name, when every byte has arrived and its checksums agree. Memory does not grow
// with the size of what is copied: all copies of a run share one Pool of buffers.
//
// It knows no accounts, keys and flags (package cli opens what it is given), and it
// prints nothing.
package transfer
