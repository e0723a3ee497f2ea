package seglog

import (
	"fmt"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Appends of 100 records of 1 KiB with SyncAlways on the disk that holds the
// temporary folder, as many in flight as the queue takes.
func BenchmarkAppend(b *testing.B) {
	for _, logs := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("logs=%d", logs), func(b *testing.B) {
			tail := NewTail(32 << 20)
			open := make([]*running, logs)
			for i := range open {
				open[i] = start(b, Options{FS: vfs.Default, Dir: fmt.Sprintf("%s/%d", b.TempDir(), i), Tail: tail})
			}
			records := make([][]byte, 100)
			for i := range records {
				records[i] = make([]byte, 1024)
			}
			results := make(chan error, 1<<16)
			answer := func(r Result) { results <- r.Err }
			b.SetBytes(100 << 10)
			b.ReportAllocs()
			b.ResetTimer()
			begun := time.Now()
			go func() {
				for i := range b.N {
					open[i%logs].Append(Append{Records: records, Done: answer})
				}
			}()
			for range b.N {
				if err := <-results; err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*100/time.Since(begun).Seconds(), "records/s")
		})
	}
}

// One append of one record at a time: the latency of a write and a sync.
func BenchmarkAppendAlone(b *testing.B) {
	l := start(b, Options{FS: vfs.Default, Dir: b.TempDir()})
	record := make([]byte, 1024)
	answer := make(chan Result, 1)
	for b.Loop() {
		l.Append(Append{Records: [][]byte{record}, Done: func(r Result) { answer <- r }})
		if r := <-answer; r.Err != nil {
			b.Fatal(r.Err)
		}
	}
}

// A reader over records of 1 KiB, from memory and from files.
func BenchmarkRead(b *testing.B) {
	for name, tail := range map[string]int64{"memory": 256 << 20, "files": 0} {
		b.Run(name, func(b *testing.B) {
			l := start(b, Options{FS: vfs.Default, Dir: b.TempDir(), Tail: NewTail(tail), Sync: vfs.SyncNone})
			records := make([]string, 100)
			for i := range records {
				records[i] = string(make([]byte, 1024))
			}
			for range 500 {
				l.mustAppend("device-123", records...)
			}
			rd, err := l.NewReader(0)
			if err != nil {
				b.Fatal(err)
			}
			var batch []Record
			b.SetBytes(1024)
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; {
				if batch, err = rd.Next(min(300, b.N-n), 1<<20, batch[:0]); err != nil {
					b.Fatal(err)
				}
				if n += len(batch); len(batch) == 0 {
					rd.Close()
					if rd, err = l.NewReader(0); err != nil {
						b.Fatal(err)
					}
				}
			}
			rd.Close()
		})
	}
}
