// Package tablestore is the engine of tables: entities of typed properties under
// a partition key and a row key, in order of both.
//
// The one idea: an entity is one key of the store, whose order is the order of
// entities. So a point read is one lookup, a query of a partition or of a range
// of rows one walk, and a transaction of a partition one commit. There is no
// other index.
//
// Each write of an entity gives it a new Timestamp, greater than any before it,
// which is its ETag too. Names of tables are compared without case and kept as
// they were given. Accounts are numbers that are never used again.
//
// Durability: a write that returned is on the disk, by the store's sync policy,
// and all of a transaction with it. What a reader sees may be a moment younger.
//
// It knows no HTTP and no filter language: a query is given ranges of keys and a
// function (internal/tablestore/odata makes both out of a text).
package tablestore
