package concurrency

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"
)

// clockTicks is how many of a process's ticks are a second: USER_HZ, which Linux fixes
// for programs.
const clockTicks = 100

// ProcessCPU is how much time a process has spent on cores so far.
func ProcessCPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return readStat(text)
}

// readStat reads utime and stime, the 14th and 15th field of proc_pid_stat(5). The second
// is the program's name in parentheses, which may hold anything.
func readStat(text []byte) (time.Duration, error) {
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("it has %d fields after the name, not 13", len(fields))
	}
	user, err := strconv.ParseUint(string(fields[11]), 10, 48)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseUint(string(fields[12]), 10, 48)
	if err != nil {
		return 0, err
	}
	const tick = time.Second / clockTicks
	return time.Duration(min(user+system, uint64(math.MaxInt64/tick))) * tick, nil
}

// OwnCPU is how much time this process has spent on cores so far.
func OwnCPU() time.Duration {
	spent, err := ProcessCPU(os.Getpid())
	if err != nil {
		return 0
	}
	return spent
}
