//go:build !linux

package vfs

// Uncache does nothing where the operating system has no such hint.
func Uncache(File, int64, int64) {}
