package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"sync"
	"time"
)

// lean sends requests over connections that it keeps, one request at a time on each,
// and waits for the answer on the goroutine that asks. It writes heads as they are
// given, and of the answers' reads what ends them. http.Client hands both over to two
// goroutines of the connection and makes maps of headers, which takes as much CPU as a
// server that is fast; and it is the server that is to be measured, on the cores that
// both share. The zero value is ready.
type lean struct {
	mu   sync.Mutex             // guards free
	free map[string][]*leanConn // by host:port
}

// leanRequest is one request. The head has all lines but Host and Content-Length, each
// with its end.
type leanRequest struct {
	host, method, target string
	head, body           []byte
}

// leanReply is the head of an answer, as far as it matters here.
type leanReply struct {
	status  int
	length  int64 // of the body; -1: to the end of the connection
	chunked bool
	closes  bool
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

// do sends a request and reads its answer to the end, into the writer for its status.
func (l *lean) do(r *leanRequest, into func(status int) io.Writer) error {
	c, err := l.take(r.host)
	if err != nil {
		return err
	}
	again, err := c.do(r, into)
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
	l.free[r.host] = append(l.free[r.host], c)
	return nil
}

// good sends a request whose answer has to be 200, and passes over its body.
func (l *lean) good(r *leanRequest) error {
	status := 0
	err := l.do(r, func(s int) io.Writer { status = s; return io.Discard })
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("it answers %d", status)
	}
	return err
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
func (c *leanConn) do(r *leanRequest, into func(status int) io.Writer) (again bool, err error) {
	if err := c.SetDeadline(time.Now().Add(leanLimit)); err != nil {
		return false, err
	}
	out := append(c.out.AvailableBuffer(), r.method...)
	out = append(append(append(out, ' '), r.target...), " HTTP/1.1\r\nHost: "...)
	out = append(append(append(out, r.host...), "\r\n"...), r.head...)
	if len(r.body) > 0 || r.method != http.MethodGet {
		out = append(strconv.AppendInt(append(out, "Content-Length: "...), int64(len(r.body)), 10), "\r\n"...)
	}
	c.out.Write(append(out, "\r\n"...)) //nolint:errcheck // Flush tells
	c.out.Write(r.body)                 //nolint:errcheck // likewise
	if err := c.out.Flush(); err != nil {
		return false, err
	}
	reply, err := c.readHead(r)
	if err == nil {
		err = c.readBody(into(reply.status), reply)
	}
	if err != nil {
		return false, fmt.Errorf("%s %s: %w", r.method, r.target, err)
	}
	return !reply.closes && (reply.length >= 0 || reply.chunked), nil
}

// readHead reads the first line of an answer and its headers.
func (c *leanConn) readHead(r *leanRequest) (leanReply, error) {
	line, err := c.line()
	if err != nil {
		return leanReply{}, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return leanReply{}, fmt.Errorf("an answer begins with %q", line)
	}
	reply := leanReply{length: -1}
	if reply.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return leanReply{}, err
	}
	for {
		if line, err = c.line(); err != nil {
			return leanReply{}, err
		}
		if len(line) == 0 {
			break
		}
		if err := reply.header(line); err != nil {
			return leanReply{}, err
		}
	}
	if reply.status == http.StatusNoContent || reply.status == http.StatusNotModified || r.method == http.MethodHead {
		reply.length, reply.chunked = 0, false
	}
	return reply, nil
}

func (reply *leanReply) header(line []byte) (err error) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		reply.length, err = strconv.ParseInt(string(value), 10, 64)
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		reply.chunked = bytes.EqualFold(value, []byte("chunked"))
	case bytes.EqualFold(name, []byte("Connection")):
		reply.closes = bytes.EqualFold(value, []byte("close"))
	}
	return err
}

// line is the next line without its end. It is good until the next read.
func (c *leanConn) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}

func (c *leanConn) readBody(into io.Writer, reply leanReply) error {
	switch {
	case reply.chunked:
		if _, err := io.Copy(into, httputil.NewChunkedReader(c.in)); err != nil {
			return err
		}
		for { // trailers
			if line, err := c.line(); err != nil || len(line) == 0 {
				return err
			}
		}
	case reply.length >= 0:
		_, err := io.CopyN(into, c.in, reply.length)
		return err
	}
	_, err := io.Copy(into, c.in)
	return err
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
