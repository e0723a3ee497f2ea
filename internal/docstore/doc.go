// Package docstore keeps JSON documents in databases and containers, in the
// model of Azure Cosmos DB for NoSQL and with nothing of its wire protocol.
//
// The one idea: a document is its own bytes. A write stores the JSON text as it
// came (number text and key order kept) with the system properties appended,
// and everything else (uniqueness, indexes, change feed, counters) is derived
// from it and committed with it in one synced batch. Check proves that the two
// agree.
//
//	Write ──▶ lock items ──▶ read old ──▶ stamp rid, etag, ts, position ──▶ one batch ──▶ visible ──▶ synced ──▶ feed
//
// A position is the container's logical clock. Every change takes one; the
// first position of a document is its ordinal, which its _rid carries, so scans
// are in insertion order; its latest is its LSN, which orders the change feed.
//
// Left out on purpose: several physical partitions, stored procedures, the
// all-versions change feed, indexes over array elements. DESIGN.md says why the
// keys and the indexes are as they are.
package docstore
