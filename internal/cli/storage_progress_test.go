package cli

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestCopyProgress: copies that run beside each other draw bars, a question has the
// terminal for itself, and nothing is left at the end.
func TestCopyProgress(t *testing.T) {
	testkit.NoLeaks(t)
	var screen bytes.Buffer
	p := newCopyProgress(&screen)
	var copies sync.WaitGroup
	for range 4 {
		copies.Go(func() {
			for range 50 {
				p.Found(largeCopy)
				step := p.Begin("a\x1b[2J/long name of a file that no bar can hold.bin", largeCopy)
				step.Add(largeCopy)
				step.End()
			}
		})
	}
	drawn := 0
	p.aside(func() { drawn = screen.Len() })
	p.aside(func() {
		if screen.Len() < drawn {
			t.Error("the screen is drawn on anew")
		}
	})
	copies.Wait()
	p.mu.Lock()
	if p.done != 200*largeCopy || p.total != p.done {
		t.Error(p.done, p.total)
	}
	p.mu.Unlock()
	p.close()
	if strings.Contains(screen.String(), "\x1b[2J") {
		t.Error("a name drives the terminal")
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "1": 1, "500K": 500 << 10, "10m": 10 << 20, "2GiB": 2 << 30, "3kb": 3 << 10} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Error(text, got, err)
		}
	}
	for _, text := range []string{"0", "-1", "x", "1T", "1.5M", "M", "99999999999999999999"} {
		if got, err := parseSize(text); err == nil {
			t.Error(text, got)
		}
	}
}
