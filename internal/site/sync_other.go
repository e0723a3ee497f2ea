//go:build !unix

package site

// syncFolder has nothing to do where folders are no files.
func syncFolder(string) error { return nil }
