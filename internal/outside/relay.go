package outside

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/run"
)

// Port is one that programs call, and where it leads.
type Port struct {
	Number uint16
	// ByName says that many services share the port, and that the name in a
	// client's first TLS message says which one is meant.
	ByName bool
	// To is the address of the listener, which is asked at each connection: it
	// may have moved. name is "" unless ByName, and where the client named
	// none. "" means that nothing answers.
	To func(name string) string
}

// dialLimit bounds how long a listener of this machine may take to answer.
const dialLimit = 5 * time.Second

// relay passes what comes to l on to where the port leads, until ctx ends and
// all connections with it.
func (p Port) relay(ctx context.Context, l net.Listener) {
	var work sync.WaitGroup
	defer work.Wait()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	wait := run.Backoff{First: 5 * time.Millisecond, Longest: time.Second}
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			wait.Reset()
			work.Go(func() { p.pass(ctx, c.(*net.TCPConn)) })
		case errors.Is(err, net.ErrClosed) || wait.Wait(ctx) != nil:
			return
		}
	}
}

// pass joins a client to the listener that it means.
func (p Port) pass(ctx context.Context, client *net.TCPConn) {
	defer client.Close()
	stop := context.AfterFunc(ctx, func() { client.Close() })
	defer stop()
	name, said := "", []byte(nil)
	if p.ByName {
		var err error
		if name, said, err = serverName(client); err != nil {
			return
		}
	}
	address := p.To(name)
	if address == "" {
		_, _ = client.Write(unrecognizedName) // a courtesy; it is closed anyway
		return
	}
	limited, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	c, err := new(net.Dialer).DialContext(limited, "tcp", address)
	if err != nil {
		client.SetLinger(0) // the client is to see that nobody listens
		return
	}
	server := c.(*net.TCPConn)
	defer server.Close()
	unhook := context.AfterFunc(ctx, func() { server.Close() })
	defer unhook()
	if _, err := server.Write(said); err != nil {
		return
	}
	join(client, server)
}

// join copies both ways until both have ended. An end is passed on alone, so
// that whoever has said all can still listen; a failure ends both.
func join(a, b *net.TCPConn) {
	var copying sync.WaitGroup
	half := func(to, from *net.TCPConn) {
		if _, err := io.Copy(to, from); err != nil {
			a.SetLinger(0)
			b.SetLinger(0)
			a.Close()
			b.Close()
			return
		}
		_ = to.CloseWrite() // it may be closed already
	}
	copying.Go(func() { half(a, b) })
	half(b, a)
	copying.Wait()
}
