// Package seglog is a crash-safe, segmented, append-only log.
package seglog

// SyncPolicy says when an append counts as stored.
type SyncPolicy uint8

// The policies.
const (
	SyncAlways   SyncPolicy = iota // fdatasync before every acknowledgement
	SyncInterval                   // acknowledge after the write, fdatasync every so often
	SyncNone                       // leave it to the operating system
)
