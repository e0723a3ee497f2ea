//go:build unix

package worker

import (
	"errors"
	"syscall"
)

// writeNow writes what a connection takes at once, which may be nothing.
func writeNow(conn syscall.RawConn, b []byte) (n int, err error) {
	refused := conn.Write(func(fd uintptr) bool {
		n, err = syscall.Write(int(fd), b)
		return true
	})
	switch {
	case refused != nil:
		return 0, refused
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR):
		return 0, nil
	}
	return max(n, 0), err
}
