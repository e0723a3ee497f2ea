package vfs

import "golang.org/x/sys/unix"

// Uncache tells the operating system that it need not keep the n bytes at off
// of the file in memory. It is a hint: bytes that are not on disk yet stay, and
// so does a page that the range only touches.
func Uncache(f File, off, n int64) {
	if fd := f.Fd(); fd != InvalidFd {
		_ = unix.Fadvise(int(fd), off, n, unix.FADV_DONTNEED)
	}
}
