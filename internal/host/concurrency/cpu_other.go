//go:build !linux && !windows

package concurrency

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// ProcessCPU cannot be told here of processes that are not one's own: then the machine's
// health is judged by the host alone.
func ProcessCPU(int) (time.Duration, error) { return 0, errors.ErrUnsupported }

// OwnCPU is how much time this process has spent on cores so far.
func OwnCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
