package concurrency

import (
	"os"
	"testing"
	"time"
)

// TestReadStat: a program may be called anything.
func TestReadStat(t *testing.T) {
	got, err := readStat([]byte("7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 1 0 9 1 1\n"))
	if err != nil || got != 2*time.Second {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "7 (a) S 1", "7 (a) S 1 7 7 0 -1 4194560 100 0 0 0 x 50 0"} {
		if _, err := readStat([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if _, err := ProcessCPU(os.Getpid()); err != nil {
		t.Error(err)
	}
}

// FuzzReadStat never fails.
func FuzzReadStat(f *testing.F) {
	f.Add([]byte("7 (a) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 1 0 9"))
	f.Add([]byte("7 (a) S 1 7 7 0 -1 4194560 100 0 0 0 1000000000000 50 0 0 20 0 1 0 9")) // more than a Duration holds
	f.Fuzz(func(t *testing.T, text []byte) {
		if d, err := readStat(text); err == nil && d < 0 {
			t.Errorf("%v", d)
		}
	})
}
