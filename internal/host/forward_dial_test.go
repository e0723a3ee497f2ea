package host

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestDialOfTheLost: a worker that has ended will not listen any more, so its
// endpoint is not waited for.
func TestDialOfTheLost(t *testing.T) {
	port, err := testkit.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) // nobody listens there
	lost := make(chan struct{})
	time.AfterFunc(60*time.Millisecond, func() { close(lost) })
	begun := time.Now()
	if c, err := newTransport().DialContext(context.WithValue(t.Context(), lostKey{}, (<-chan struct{})(lost)), "tcp", address); err == nil {
		c.Close()
		t.Fatal("somebody answers")
	}
	if took := time.Since(begun); took >= dialPatience {
		t.Errorf("it was waited for for %v", took)
	}
}
