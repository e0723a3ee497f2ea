// Package store keeps the telemetry of one component on disk, in columns, for a
// bounded time and in bounded room.
//
// The one idea: items are gathered in an open group, column by column, each text
// once in a dictionary; a full group is encoded into one segment file that is
// never changed, and a query reads of a segment only the columns that it asks
// for, and nothing of segments whose times or words cannot match. A journal of
// the open group makes it survive the process.
//
//	Put ─▶ queue ─▶ writer ─▶ open group ──full──▶ sealer ─▶ 00000007.seg
//	     (bounded)    └─────▶ 00000008.wal ◀─ sync each second
//	                                 Tables ◀── open group + sealing group + segments
//
// # What is promised
//
//   - Put never waits. What finds the queue full is dropped and counted.
//   - What the writer has taken is seen by every scan that begins later, and a
//     scan sees the rows of one moment, whatever is written meanwhile.
//   - After a crash at most what came in the last second (Options.SyncInterval)
//     is lost. A torn end of a journal is cut off. After Flush nothing is lost.
//   - What the disk changed is noticed by checksums before any row of it is
//     given: the rows of that table in that segment are skipped, named in the
//     log and counted in Stats, and all others are served.
//   - Segments are dropped whole, the oldest first, when they are older than
//     Options.MaxAge or all together take more than Options.MaxBytes.
//
// A row of a pipeline's telemetry takes about 40 bytes of disk. In memory are the
// queue, the open and the sealing group (bounded by GroupItems and GroupBytes),
// and of each segment its directory, some kilobytes; a scan holds the columns of
// two blocks: one is read ahead of the query that wants all.
//
// It does not know the wire, cuts no text and judges no time: an item with a
// wrong clock is kept where it came in, and found under the time that it says.
//
// # Files
//
// The folder holds segments NUMBER.seg and journals NUMBER.wal. A segment and a
// journal of one number are the same group; the segment is complete, because it
// is renamed into place, and the journal is then a leftover. Numbers are
// little-endian, checksums CRC-32C.
//
//	segment  ┌───────┬──────────────┬──────────────┬───┬───────────┬────────┐
//	         │ magic │ table's block│ table's block│ … │ directory │ footer │
//	         └───────┴──────────────┴──────────────┴───┴───────────┴────────┘
//	block    ┌────────┬────────┬───┬────────┬──────────────┐
//	         │ column │ column │ … │ column │ word filter  │   places and checksums
//	         └────────┴────────┴───┴────────┴──────────────┘   are in the directory
//	footer   ┌──────────────┬────────┬─────┬───────┐
//	         │ directory at │ length │ crc │ magic │  8 + 4 + 4 + 8 bytes
//	         └──────────────┴────────┴─────┴───────┘
//	journal  ┌────────┬────────┬────────┬──
//	         │ header │ record │ record │ …
//	         └────────┴────────┴────────┴──
//	record   ┌─────┬────────┬────────┬─────────────────────────
//	         │ crc │ length │ row    │ row …   (what one write brought)
//	         └─────┴────────┴────────┴─────────────────────────
//	row      ┌──────┬─────────┬───────┬───
//	         │ type │ present │ value │ …   a bit per field; values of those only
//	         └──────┴─────────┴───────┴───
//
// A text in a journal is its number in the column's dictionary; the number that
// is next in line is followed by the text itself. So a journal can only be read
// from its beginning, and what follows a damaged record is lost.
package store
