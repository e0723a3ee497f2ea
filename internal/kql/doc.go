// Package kql is the Kusto query language as Application Insights speaks it: it
// parses a query, gives every name a column and every expression a type, and
// runs it over tables that it is given.
//
// The one idea: rows flow in chunks, column by column. An expression takes a
// chunk and gives a vector; conditions on texts with a dictionary cost once per
// text; columns that nothing reads are never asked for, and columns that only
// the kept rows need are loaded late. What a table could skip (times, equal
// texts, terms) is told to it in an Ask.
//
//	text ─parse▶ syntax ─bind▶ typed operators over Tables ─run▶ Result
//
// It opens no file and no socket, keeps no state between queries, and changes
// nothing: control commands are refused.
//
// # What is there
//
// Operators: where (filter), project, project-away, -keep, -rename, -reorder,
// extend, summarize, sort (order), top, top-nested, take (limit), sample,
// sample-distinct, distinct, count, join of all kinds, lookup, union (kind,
// withsource, isfuzzy, stars), mv-expand, mv-apply, make-series, parse,
// parse-where, parse-kv, evaluate (pivot, bag_unpack, narrow), serialize,
// getschema, render (a hint), as, consume, invoke, search; the sources print,
// range and datatable; let of scalars, tables and functions, set (passed over),
// materialize, toscalar, app(), workspace() and resource(). Functions are in
// fn_GROUP.go, aggregates in agg.go.
//
// # What is refused, by name and position
//
// find, scan, partition, reduce, fork, facet, externaldata, graphs, "with
// others" of top-nested, join where, other plugins, cluster() and database(),
// declare query_parameters, several queries in one text, control commands, and
// the functions of refusedFunctions.
//
// # Where it differs
//
// dcount and hll are exact, and percentiles are the nearest rank of all values:
// the service estimates. take gives the newest rows, where the service gives
// any. A join of innerunique keeps the first row of each key. Plugins whose
// columns follow from the rows, toscalar, materialize and tables behind in are
// run while the query is bound, once for each use. Regular expressions are RE2.
//
// # Nulls
//
// A text is never null. Comparing null with null is null, == with a value is
// false and != true, every other operation on null is null; and, or know three
// values; where keeps what is true. Aggregates pass nulls over. Nulls come first
// in ascending order and last in descending.
package kql
