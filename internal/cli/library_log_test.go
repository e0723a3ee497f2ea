package cli

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestLibraryLog: what net/http prints about a server that answers twice comes
// as a record of our log.
func TestLibraryLog(t *testing.T) {
	testkit.NoLeaks(t)
	var (
		mu  sync.Mutex
		out bytes.Buffer
	)
	write := writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return out.Write(p)
	})
	defer libraryLog(slog.New(slog.NewTextHandler(write, nil)))()
	l := testkit.Listen(t)
	go answerTwice(l)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Post("http://"+l.Addr().String(), "text/plain", strings.NewReader("unread"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	logged := func() string {
		mu.Lock()
		defer mu.Unlock()
		return out.String()
	}
	testkit.Eventually(t, 10*time.Second, func() bool { return logged() != "" }, "a record")
	if got := logged(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, "component=library") || !strings.Contains(got, "Unsolicited response") {
		t.Error(got)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// answerTwice answers one request, and then what it takes for another.
func answerTwice(l net.Listener) {
	c, err := l.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	if _, err := c.Read(make([]byte, 4096)); err != nil {
		return
	}
	fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	<-time.After(100 * time.Millisecond) // the connection must be idle by then
	fmt.Fprint(c, "HTTP/1.1 400 Bad request\r\nContent-Length: 0\r\n\r\n")
}
