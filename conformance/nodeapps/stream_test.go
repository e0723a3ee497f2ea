package nodeapps

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// TestStreaming: with enableHttpStream bodies pass piece by piece, both ways.
func TestStreaming(t *testing.T) {
	a, ok := up(t, "apps/stream")
	if !ok {
		return
	}
	t.Run("out", func(t *testing.T) { streamsOut(t, a) })
	t.Run("in", func(t *testing.T) { streamsIn(t, a) })
	t.Run("failures", func(t *testing.T) { streamFails(t, a) })
	if got := a.Call(t, http.MethodPost, "/admin/functions/tick", "{}", "Content-Type", "application/json"); got.StatusCode != http.StatusAccepted {
		t.Errorf("%s %s", got.Status, got.Text)
	}
	a.Says(t, "ticked")
}

func streamsOut(t *testing.T, a lab.App) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL("/api/chunks/3"), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Test", "v")
	begun := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	first, err := lines.ReadString('\n')
	early := time.Since(begun)
	rest, rerr := io.ReadAll(lines)
	if err != nil || rerr != nil || first+string(rest) != "data: 1\n\ndata: 2\n\ndata: 3\n\n" {
		t.Errorf("%q %v %q %v", first, err, rest, rerr)
	}
	if whole := time.Since(begun); whole-early < 300*time.Millisecond {
		t.Errorf("the first piece came after %v of %v", early, whole)
	}
	if resp.Header.Get("X-Test") != "v" || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Set-Cookie") != "a=1" {
		t.Errorf("%v", resp.Header)
	}
}

func streamsIn(t *testing.T, a lab.App) {
	pieces, in := io.Pipe()
	go func() {
		for range 64 {
			if _, err := io.WriteString(in, strings.Repeat("x", 1<<20)); err != nil {
				return // the request failed, which is told below
			}
		}
		in.Close()
	}()
	resp, err := http.Post(a.URL("/api/length?q=1&q=2"), "text/plain", pieces)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	got := object(t, string(text))
	if err != nil || got["length"] != float64(64<<20) || got["host"] != a.Addresses["functions/app"] || len(got["query"].([]any)) != 2 {
		t.Errorf("%v %v", got, err)
	}
}

func streamFails(t *testing.T, a lab.App) {
	begun := time.Now()
	if got := a.Call(t, http.MethodGet, "/api/fail", ""); got.StatusCode != http.StatusInternalServerError {
		t.Errorf("%s %s", got.Status, got.Text)
	}
	if got := a.Call(t, http.MethodGet, "/api/nothing", ""); got.StatusCode != http.StatusOK {
		t.Errorf("%s %s", got.Status, got.Text)
	}
	if d := time.Since(begun); d > 1500*time.Millisecond {
		t.Errorf("both took %v", d)
	}
	a.Says(t, "it does not stream")
	resp, err := http.Get(a.URL("/api/late"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("what broke off ended well: %q", text)
	}
	a.Says(t, "it broke off")
}
