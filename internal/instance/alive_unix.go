//go:build unix

package instance

import (
	"errors"
	"syscall"
)

// alive reports whether a process with the id exists, whoever owns it.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
