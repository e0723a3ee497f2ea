//go:build unix

package vfs

import "golang.org/x/sys/unix"

// Free returns how many bytes an ordinary user may still write to the disk of a
// folder.
func Free(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil //nolint:unconvert // the sizes of the fields differ between systems
}
