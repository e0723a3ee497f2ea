package concurrency

import (
	"os"
	"testing"
)

// TestProcessMemory: this process is in memory, one that does not exist is told, and so
// is what is none of the kernel's lines.
func TestProcessMemory(t *testing.T) {
	if got, err := ProcessMemory(os.Getpid()); err != nil || got < 1<<20 {
		t.Errorf("this process: %d, %v", got, err)
	}
	if got, err := ProcessMemory(1 << 30); err == nil {
		t.Errorf("no process: %d", got)
	}
	if got, err := readStatm([]byte("5000 1200 800 10 0 900 0\n"), 4096); err != nil || got != 1200*4096 {
		t.Errorf("%d, %v", got, err)
	}
	for _, text := range []string{"", "5000", "5000 -1", "5000 many 3"} {
		if got, err := readStatm([]byte(text), 4096); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}
