package door

import (
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestPortsComeAndGo: a port that is opened while others are served answers at once; one
// that is shut lets a request under way finish, and answers nobody any more.
func TestPortsComeAndGo(t *testing.T) {
	l, err := testkit.Loopback()
	if err != nil {
		t.Fatal(err)
	}
	begun, finish := make(chan struct{}), make(chan struct{})
	lab := open(t, l, Port{Title: "first"}, Names{}, answers(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(begun)
			<-finish
		}
		_, _ = io.WriteString(w, "here") // the client is the test
	}))
	lab.set.o.Listen = "127.0.0.1"
	addr, err := lab.set.Open(Port{Title: "later", TLS: Either, Account: site})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string) (string, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr.String()+path, nil)
		if err != nil {
			return "", err
		}
		client := &http.Client{Timeout: within, Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Do(r)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return string(text), err
	}
	if text, err := ask("/"); err != nil || text != "here" {
		t.Fatal(text, err)
	}
	slow := make(chan error, 1)
	go func() {
		text, err := ask("/slow")
		if err == nil && text != "here" {
			t.Errorf("the request under way got %q", text)
		}
		slow <- err
	}()
	<-begun
	shut := make(chan struct{})
	go func() { defer close(shut); lab.set.Shut(addr) }()
	close(finish)
	if err := <-slow; err != nil {
		t.Error(err)
	}
	<-shut
	if _, err := ask("/"); err == nil {
		t.Error("a port that is shut answers")
	}
	if c, err := net.Listen("tcp", addr.String()); err != nil {
		t.Error(err)
	} else {
		c.Close()
	}
}
