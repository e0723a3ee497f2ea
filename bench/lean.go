package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// lean sends requests over connections that it keeps, one request at a time on each,
// and waits for the answer on the goroutine that asks. http.Client hands both over to
// two goroutines of the connection, which takes as much CPU as a server that is fast;
// and it is the server that is to be measured, on the cores that both share. The zero
// value is ready.
type lean struct {
	mu   sync.Mutex             // guards free
	free map[string][]*leanConn // by host:port
}

type leanConn struct {
	net.Conn
	used time.Time // when it was put back
	in   *bufio.Reader
	out  *bufio.Writer
}

const (
	leanLimit = 30 * time.Second // for one request
	// leanIdle is how long a connection is kept unused: Node closes those of five
	// seconds, and what is being closed looks as good as any other.
	leanIdle = time.Second
)

// do sends a request and reads its answer to the end, into a writer.
func (l *lean) do(req *http.Request, into func(*http.Response) io.Writer) error {
	c, err := l.take(req.URL.Host)
	if err != nil {
		return err
	}
	again, err := c.do(req, into)
	if err != nil || !again {
		c.Close()
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.free == nil {
		l.free = map[string][]*leanConn{}
	}
	c.used = time.Now()
	l.free[req.URL.Host] = append(l.free[req.URL.Host], c)
	return nil
}

func (l *lean) take(host string) (*leanConn, error) {
	if c := l.kept(host); c != nil {
		return c, nil
	}
	c, err := net.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	return &leanConn{c, time.Time{}, bufio.NewReaderSize(c, 64<<10), bufio.NewWriterSize(c, 64<<10)}, nil
}

// kept is the connection that was used last, unless all are too old.
func (l *lean) kept(host string) *leanConn {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.free[host]
	if len(all) == 0 {
		return nil
	}
	c := all[len(all)-1]
	if time.Since(c.used) < leanIdle {
		l.free[host] = all[:len(all)-1]
		return c
	}
	for _, old := range all {
		old.Close()
	}
	delete(l.free, host)
	return nil
}

// do reports whether the connection is good for another request.
func (c *leanConn) do(req *http.Request, into func(*http.Response) io.Writer) (again bool, err error) {
	if err := c.SetDeadline(time.Now().Add(leanLimit)); err != nil {
		return false, err
	}
	if err := req.Write(c.out); err != nil {
		return false, err
	}
	if err := c.out.Flush(); err != nil {
		return false, err
	}
	reply, err := http.ReadResponse(c.in, req)
	if err != nil {
		return false, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	defer reply.Body.Close()
	_, err = io.Copy(into(reply), reply.Body)
	return !reply.Close, err
}

// close closes what is kept.
func (l *lean) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, kept := range l.free {
		for _, c := range kept {
			c.Close()
		}
	}
	l.free = nil
}
