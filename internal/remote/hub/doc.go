// Package hub is the event hubs of other processes, Azure's first of all, for the
// triggers and outputs of functions: package hub of internal/end over the official
// client, azeventhubs.
//
// Who reads a partition as its owner opens it with an owner level, as the vendor's
// processors do: the service then ends the reader before, wherever that runs. Who
// owns what is settled elsewhere, in blobs (see balance.go of internal/end/hub).
//
// Nothing is waited for here for longer than seconds: what cannot be reached is an
// error that says so, and the trigger is run again by the host.
package hub
