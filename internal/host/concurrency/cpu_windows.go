package concurrency

import (
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// ProcessCPU is how much time a process has spent on cores so far.
func ProcessCPU(pid int) (time.Duration, error) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return 0, err
	}
	defer func() { _ = windows.CloseHandle(h) }()
	var created, ended, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(h, &created, &ended, &kernel, &user); err != nil {
		return 0, err
	}
	return span(kernel) + span(user), nil
}

// span is a Filetime that is a length of time: in 100 nanoseconds.
func span(t windows.Filetime) time.Duration {
	return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
}

// OwnCPU is how much time this process has spent on cores so far.
func OwnCPU() time.Duration {
	spent, err := ProcessCPU(os.Getpid())
	if err != nil {
		return 0
	}
	return spent
}
