// Package cosmossql is the SQL language of Cosmos DB for NoSQL: it parses a
// query, binds its names, plans how to reach the documents and evaluates it.
//
// The one idea: a value is a window on JSON text. A document is never parsed
// into a tree; a path such as c.data.temperature is a search through the
// document's bytes, a projected sub-object is a copy of its bytes, and a number
// keeps the digits it was written with. Only what a query computes is new text.
//
// The journey of a query:
//
//	text ─Parse▶ *Query ─Compile▶ *Plan ─Run▶ *Page ─Run(continuation)▶ *Page …
//	             syntax           names, constants,     rows of JSON
//	                              access path
//
// Documents come from a Source, which the caller implements over its store.
// The planner asks SourceInfo which indexes may be used and describes each walk
// it wants as an Access; conditions are always evaluated again on what comes
// back, so an index can make a query faster but not change its answer.
//
// What it does not do: it knows no HTTP, no store and no index format; it runs
// no user-defined functions, no spatial, vector or full-text search, and refuses
// them by name and position. A page is computed in one call; nothing is kept
// between pages except what the continuation says.
package cosmossql
