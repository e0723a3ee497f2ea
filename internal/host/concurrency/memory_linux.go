package concurrency

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// ProcessMemory is how many bytes of a process are in memory now, those that it shares
// with others included.
func ProcessMemory(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	return readStatm(text, os.Getpagesize())
}

// readStatm reads the second field of proc_pid_statm(5), which counts pages.
func readStatm(text []byte, page int) (int64, error) {
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0, fmt.Errorf("it has %d fields, not 7", len(fields))
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 40)
	if err != nil {
		return 0, err
	}
	return int64(pages) * int64(page), nil
}
