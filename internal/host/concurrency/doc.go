// Package concurrency finds out how many invocations of a function this machine can run
// at a time: Azure's dynamic concurrency.
//
// The one idea: each function begins with one at a time and gets more while the machine
// is well and the function uses all that it has; when the machine has not been well for a
// while, it gets less. Whether it is well say throttles, which are asked once a second.
// What was learned is kept as Azure's host keeps it, in the blob
//
//	azure-webjobs-hosts/concurrency/HOST/concurrencyStatus.json
//
// and a host that starts begins with that. The rules and their numbers are those of the
// vendor's ConcurrencyManager and ConcurrencyStatus (azure-webjobs-sdk).
//
// Only triggers whose messages are settled one by one take part (queues, blobs, Service
// Bus): others are bound to partitions.
package concurrency
