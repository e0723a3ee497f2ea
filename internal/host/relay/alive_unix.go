//go:build unix

package relay

import (
	"errors"
	"syscall"
)

// alive reports whether a kept connection is as it was left: not hung up on, and
// nothing has come that nobody asked for.
func (k *conn) alive() bool {
	if k.raw == nil || k.in.Buffered() > 0 {
		return false
	}
	quiet := false
	err := k.raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, err := syscall.Read(int(fd), b[:])
		quiet = errors.Is(err, syscall.EAGAIN)
		return true
	})
	return err == nil && quiet
}
