// Package changefeed processes the changes of a Cosmos DB container, shared
// among as many instances as there are, with positions that survive them.
//
// It is a change feed processor as the .NET and Java SDKs have one and azcosmos
// has not: its lease documents are those of .NET's, so that a Functions host, a
// .NET program and programs with this package can take over from each other.
//
//	client, err := azcosmos.NewClient(endpoint, cred, nil)
//	leases, err := client.NewContainer("shop", "leases")
//	orders, err := changefeed.NewContainer(endpoint, cred, "shop", "orders", nil)
//
//	p, err := changefeed.New(orders, changefeed.Leases(leases), handle, nil)
//	err = p.Run(ctx) // until ctx ends
//
//	func handle(ctx context.Context, docs []json.RawMessage) error { ... }
//
// # What it promises
//
// Each change reaches a handler at least once. A batch's position is saved when
// its handler has returned nil; a handler that fails, or a process that is
// killed, gets the batch again, here or in another instance. The changes of a
// range come in order and one batch at a time. The feed is the latest version of
// each document: what was overwritten before it was read, and what was deleted,
// does not appear.
//
// # Ranges, leases, instances
//
// The service keeps a container in ranges of partition keys. Each range has a
// lease, a document in the lease container with an owner and a position.
// Instances look at all leases every [Options.AcquireInterval], take those that
// nobody renews any more, and take one from the instance that has most when they
// have too few, so that all come to have the same number; with more instances
// than ranges some have none and wait. A claim is a write on condition of the
// document's ETag, which one of them wins. A range that the service splits goes
// on as its parts, each from the position of the whole.
//
// A graceful end gives the leases back, and another instance has them at its next
// look. The leases of an instance that was killed are free after
// [Options.LeaseExpiration]; one that comes again under the same [Options.Owner]
// has them at once.
//
// # Lease documents
//
// The lease container's partition key is /id or /partitionKey. With P = prefix +
// host of the account's endpoint + "_" + _rid of the database + "_" + _rid of the
// container there are
//
//	P..TOKEN   a lease: TOKEN is the id of a partition key range, or MIN-MAX
//	P.info     says that leases were made for all ranges
//	P.lock     held for a moment by who makes them
//
// Instances share leases when they name the endpoint alike. The shapes are those of the
// source of .NET's SDK, of all its versions; no .NET program runs in the tests.
package changefeed
