// Package hub is an event hub of this process as a stream job reads and writes
// it. It finds the hub by its name whenever it opens a partition or sends, so
// that a hub that is deleted, made anew or grown is another answer of the next
// call and not a thing that is held for ever.
//
// Offsets of a job are the hub's offsets, which go on growing when a hub is
// deleted and made anew under its name: a checkpoint of the old one begins at the
// new one's first event.
package hub
