// Package trigger turns what happens in a source into invocations: it pumps
// Event Hubs partitions and Cosmos DB change feeds, and keeps their positions.
//
// The one idea: a source is a small interface declared here (see source.go),
// so that the same pump runs over an engine in this process and over a remote
// service. A pump is sequential: it takes the next batch only after the
// invocation of the last one, with all its retries, has ended, and it moves
// its durable position only then. So every event is delivered at least once.
//
// HTTP triggers are not here: a request waits for its answer, so the HTTP
// front end calls the host directly.
package trigger
