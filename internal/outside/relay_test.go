package outside

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// relayTo starts a relay of a port and returns its address.
func relayTo(t *testing.T, p Port) string {
	t.Helper()
	l, err := listen(local, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { p.relay(ctx, l); close(ended) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Error("the relay does not end")
		}
	})
	return l.Addr().String()
}

// echo answers with what was said, once all of it was, and then "end".
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				text, _ := io.ReadAll(c)
				c.Write(append(text, "end"...))
			}()
		}
	}()
	return l.Addr().String()
}

// TestRelayHalfClose: whoever has said all still hears the answer, on a
// thousand connections at once, which are all open before any of them ends.
func TestRelayHalfClose(t *testing.T) {
	server := echo(t)
	relay := relayTo(t, Port{To: func(string) string { return server }})
	const many = 1000
	conns := make([]*net.TCPConn, many)
	for i := range conns {
		c, err := net.Dial("tcp", relay)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns[i] = c.(*net.TCPConn)
	}
	var asking sync.WaitGroup
	for i, c := range conns {
		asking.Go(func() {
			said := strings.Repeat("x", i*37)
			if _, err := io.WriteString(c, said); err != nil {
				t.Error(err)
			}
			c.CloseWrite()
			if got, err := io.ReadAll(c); err != nil || string(got) != said+"end" {
				t.Errorf("%d: %d bytes, %v", i, len(got), err)
			}
		})
	}
	asking.Wait()
}

// TestRelayPassesFailures: a server that is gone is refused or reset, and never
// an orderly end.
func TestRelayPassesFailures(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	relay := relayTo(t, Port{To: func(string) string { return l.Addr().String() }})
	c, err := net.Dial("tcp", relay)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	server.(*net.TCPConn).SetLinger(0)
	server.Close()
	if _, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a reset arrives as %v", err)
	}
	l.Close()
	again, err := net.Dial("tcp", relay)
	if err == nil { // the reset may come first
		defer again.Close()
		_, err = io.ReadAll(again)
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a server that is gone: %v", err)
	}
}

// TestRelayByName: the name in the first message says who answers, the bytes
// arrive whole, and a name of nobody's is told so.
func TestRelayByName(t *testing.T) {
	ca, cert := authority(t, "one.example", "two.example")
	server := func(answer string) string {
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() { io.WriteString(c, answer); c.Close() }()
			}
		}()
		return l.Addr().String()
	}
	table := map[string]string{"one.example": server("one"), "two.example": server("two"), "": echo(t)}
	relay := relayTo(t, Port{ByName: true, To: func(name string) string { return table[name] }})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	for name, want := range map[string]string{"one.example": "one", "TWO.example": "two"} {
		c, err := tls.Dial("tcp", relay, &tls.Config{RootCAs: pool, ServerName: name, NextProtos: []string{strings.Repeat("long", 50)}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := io.ReadAll(c); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		c.Close()
	}
	if _, err := tls.Dial("tcp", relay, &tls.Config{RootCAs: pool, ServerName: "three.example"}); err == nil || !strings.Contains(err.Error(), "unrecognized name") {
		t.Errorf("a name of nobody's: %v", err)
	}
	c, err := net.Dial("tcp", relay)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET /")
	c.(*net.TCPConn).CloseWrite()
	if got, err := io.ReadAll(c); err != nil || string(got) != "GET /end" {
		t.Errorf("no TLS: %q, %v", got, err)
	}
}

func TestAnswers(t *testing.T) {
	for _, tc := range []struct {
		listener, address string
		want              bool
	}{
		{"127.0.0.1:443", local, true},
		{"0.0.0.0:443", "127.9.9.9", true},
		{"[::]:443", local, true},
		{"[::ffff:127.0.0.1]:443", local, true},
		{"127.0.0.1:8443", local, false},
		{"[::1]:443", local, false},
		{"", local, false},
	} {
		if got := answers(tc.listener, tc.address, 443); got != tc.want {
			t.Errorf("%s: %v", tc.listener, got)
		}
	}
}
