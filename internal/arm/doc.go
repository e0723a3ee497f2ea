// Package arm is Azure Resource Manager as an engine: resources by id, what each
// type of them does when it comes, changes and goes, and what all have in common:
// groups, tags, locks, ETags, operations, the log of who changed what.
//
// A Type is a row that a room of a provider gives (internal/arm/storage, …); this
// package knows none. Bodies are kept whole, so that every property that somebody
// sends is there when somebody asks; a type adds what Azure's service adds. What is
// real (a hub, a container) is the engines': a type's hooks lead there, and a
// resource that came another way, by lazuli.yaml or a client, is shown as well.
//
//	PUT ── check ── intent (synced) ── Type.Put ── body (synced) ── answer
//
// A crash between leaves the intent: what was to be made is undone at the next start,
// since nobody was told of it; what was to be changed or deleted is.
//
// The package knows no HTTP but status codes; internal/azure/arm has the wire.
package arm
