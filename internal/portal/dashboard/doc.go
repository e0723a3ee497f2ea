// Package dashboard turns rows into tiles: numbers, gauges, lines, bars, maps,
// tables and alarm lists that a project declares in JSON.
//
// The one idea: a dataset is a window of the newest rows, and keeps of each row
// only the columns that some tile reads, in arrays. A tile is one pass over
// such arrays, done once a second for all who watch it and never for nobody.
//
// A dataset is fed from a container's change feed or by rows that a program
// pushes. From a feed it is followed only while somebody watches: the feed is
// durable, so whoever comes gets the past from it. Nothing is stored here.
//
// What it does not do: joins (but a map may mark the sites that have alarms),
// and expressions; a stream job or a function computes, a tile shows.
package dashboard
