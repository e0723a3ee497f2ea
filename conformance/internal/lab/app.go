package lab

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// patience is how long something that crosses processes may take.
const patience = 2 * time.Minute

// App is a function app that a lazuli serves.
type App struct {
	*Lazuli
	Name string
	Dir  string // its folder
}

// Answer is what a request got.
type Answer struct {
	*http.Response
	Text string // the body, which has been read
}

// URL is the address of a path of the app.
func (a App) URL(path string) string { return "http://" + a.Addresses["functions/"+a.Name] + path }

// Call sends a request; headers are pairs.
func (a App) Call(t *testing.T, method, path, body string, headers ...string) Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, a.URL(path), bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{resp, string(text)}
}

// Get is the body of a GET that must answer 200.
func (a App) Get(t *testing.T, path string) string {
	t.Helper()
	got := a.Call(t, http.MethodGet, path, "")
	if got.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s %s", path, got.Status, got.Text)
	}
	return got.Text
}

// Says waits for a text in what lazuli prints.
func (a App) Says(t *testing.T, text string) {
	t.Helper()
	Eventually(t, func() bool { return strings.Contains(a.Said(), text) }, "it says "+text)
}

// Eventually waits until a claim holds; values are shown when it does not.
func Eventually(t *testing.T, claim func() bool, what string, values ...func() string) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(20 * time.Millisecond) {
		if claim() {
			return
		}
	}
	var shown []string
	for _, v := range values {
		shown = append(shown, v())
	}
	t.Fatalf("not after %v: %s %s", patience, what, strings.Join(shown, " "))
}
