// Package hub is where functions and stream jobs meet event hubs: a trigger per
// partition and batch, an output binding, a source and a sink of jobs, and the
// hubs of this process for all of them.
//
// For functions a hub is a small interface declared here (service.go), so that
// the same pump runs over the broker of this process and, one day, over a remote
// namespace. The shapes that workers decode are in payload.go, the vendor's
// checkpoint layout in checkpoint.go. A hub is found by its name whenever it is
// opened or sent to, so that one that is deleted, made anew or grown is another
// answer of the next call and not a thing that is held for ever.
//
// Offsets go on growing when a hub is deleted and made anew under its name: a
// position in the old one begins at the new one's first event.
package hub
