package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

func TestLogWriterKeepsOrderAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const writers, lines = 4, 1000
		var out bytes.Buffer
		w := newLogWriter(&out, nil)
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				for n := range lines {
					fmt.Fprintf(w, "%d %d\n", i, n)
				}
			})
		}
		wg.Wait()
		w.flush()
		if got := strings.Count(out.String(), "\n"); got != writers*lines {
			t.Errorf("%d lines after flush, want %d", got, writers*lines)
		}
		fmt.Fprintln(w, "last")
		w.close()
		fmt.Fprintln(w, "late")
		var next [writers]int
		all := strings.Split(strings.TrimSpace(out.String()), "\n")
		for _, line := range all[:len(all)-2] {
			var i, n int
			if _, err := fmt.Sscan(line, &i, &n); err != nil || n != next[i] {
				t.Fatalf("line %q, want %d of writer %d", line, next[i], i)
			}
			next[i]++
		}
		if tail := all[len(all)-2:]; tail[0] != "last" || tail[1] != "late" {
			t.Errorf("ends with %q", tail)
		}
	})
}

// gate lets writes through one at a time and remembers their sizes.
type gate struct {
	open  chan struct{}
	sizes []int
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	g.sizes = append(g.sizes, len(p))
	return len(p), io.ErrClosedPipe
}

func TestLogWriterGathersWhileItWritesAndIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		w := newLogWriter(g, nil)
		w.Write([]byte("first\n"))
		synctest.Wait() // the writer is stuck in the gate
		line := bytes.Repeat([]byte("x"), maxPendingLog/4)
		blocked := true
		go func() {
			for range 5 {
				w.Write(line)
			}
			blocked = false
		}()
		synctest.Wait()
		if !blocked {
			t.Error("more than the bound was taken while nothing could be written")
		}
		g.open <- struct{}{}
		synctest.Wait()
		if blocked {
			t.Error("still blocked after everything pending was handed to the writer")
		}
		close(g.open)
		w.flush()
		if _, err := w.Write([]byte("z")); err == nil {
			t.Error("the failure of a write is not reported")
		}
		w.close()
		if len(g.sizes) < 3 || g.sizes[0] != 6 || g.sizes[1] != 4*len(line) {
			t.Errorf("writes of %v bytes, want 6, then all that had gathered", g.sizes)
		}
	})
}
