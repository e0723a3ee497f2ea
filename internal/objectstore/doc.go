// Package objectstore keeps blobs in containers, in the model of Azure Blob
// Storage and with nothing of its wire protocol.
//
// The one idea: a blob is a small record in the key-value store that names runs
// of bytes in extents, which are append-only files of this package. Bytes go to
// an extent first and are synced there; then one commit of the record makes the
// blob visible. So a blob is there whole or not at all, and a record never names
// bytes that are not on the disk.
//
//	NewUpload ──▶ pieces with checksums ──▶ extent ──▶ shared fdatasync ──▶ one kv commit ──▶ visible ──▶ synced
//
// A change of a blob takes the lock of its name from reading the old record
// until the new one is visible; reading takes no lock. What is overwritten keeps
// its bytes until no reader is left that began before.
//
// Left out on purpose: encryption with customers' keys (the engine remembers the
// key's hash, so that the wire can ask for it), the hierarchical namespace, page
// blobs' incremental copy. DESIGN.md says why files and keys are as they are.
package objectstore
