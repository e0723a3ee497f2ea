package pythonapps

import (
	"bufio"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStreams: requests and responses are streamed through the app's web
// extension, and a blob comes as a client of the storage SDK.
func TestStreams(t *testing.T) {
	r, ok := upWith(t, "apps/streams", "pythonapps-streams", "streams")
	if !ok {
		return
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url("/api/stream/me"), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() || lines.Text() != "data: first of me" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("%s %q", resp.Status, lines.Text())
	}
	// The first piece is here while the function still waits for this one.
	if got := r.get(t, "/api/open?q=it"); got != "opened it" {
		t.Error(got)
	}
	rest := ""
	for lines.Scan() {
		rest += lines.Text()
	}
	if rest != "data: last" || lines.Err() != nil {
		t.Errorf("%q, %v", rest, lines.Err())
	}
	if a := r.call(t, http.MethodPost, "/api/upload", strings.Repeat("x", 3<<20), "Content-Type", "a/b"); a.StatusCode != 201 || a.body != `{"size":3145728,"type":"a/b"}` {
		t.Errorf("%s %s", a.Status, a.body)
	}
	if got := r.get(t, "/api/plain"); got != `"of a thread"` {
		t.Error(got)
	}
	if a := r.call(t, http.MethodGet, "/api/fail", ""); a.StatusCode != http.StatusInternalServerError {
		t.Errorf("%s %s", a.Status, a.body)
	}
	r.says(t, "ValueError: in the middle")
	if got := r.get(t, "/api/plain"); got != `"of a thread"` {
		t.Error(got)
	}
	file := filepath.Join(t.TempDir(), "b.txt")
	if err := os.WriteFile(file, []byte("contents"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.Run(t, "storage", "cp", "--create", file, "blob:///inbox/b.txt")
	r.says(t, "blob client BlobClient inbox b.txt")
	if strings.Contains(r.Said(), "ASGI") {
		t.Error("the failure is told by the web server as well")
	}
}
