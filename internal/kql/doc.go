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
package kql
