//go:build unix

package main

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// TestRubbishOnEveryPort sends what no client sends to every listener: noise,
// beginnings of the right protocol that go on wrongly, and lengths without end.
// The process lives, says so without a stack trace, and what it stored is there.
func TestRubbishOnEveryPort(t *testing.T) {
	p := up(t, project(t, freePorts, true))
	mustRun := func(args ...string) string {
		t.Helper()
		out, text, err := p.command(t.Context(), args...)
		if err != nil {
			t.Fatalf("%q: %v\n%s%s", args, err, text, p.output)
		}
		return out
	}
	mustRun("send", "telemetry_events", "--count", "5", "--seed", "1")
	before := mustRun("tail", "telemetry_events", "--from-start", "--count", "5", "--json")

	starts := []string{
		"",
		"AMQP\x00\x01\x00\x00",
		"AMQP\x03\x01\x00\x00",
		"AMQP\x03\x01\x00\x00\x7f\xff\xff\xff\x02\x01\x00\x00",
		"\x16\x03\x01\x40\x00\x01",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"POST /dbs HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
		"GET /" + strings.Repeat("a", 2<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nauthorization: " + strings.Repeat("%", 60_000) + "\r\n\r\n",
		"POST /api/process-event HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
	}
	random := rand.NewChaCha8([32]byte{2})
	for service, address := range p.info.Addresses {
		for i, start := range starts {
			noise := make([]byte, 1<<(i+7))
			random.Read(noise)
			shoot(t, service, address, start+string(noise))
		}
	}

	status := mustRun("status")
	for service := range p.info.Addresses {
		if !strings.Contains(status, service) {
			t.Errorf("status lacks %s", service)
		}
	}
	if strings.Contains(status, "no answer") {
		t.Errorf("a service does not answer:\n%s", status)
	}
	if after := mustRun("tail", "telemetry_events", "--from-start", "--count", "5", "--json"); after != before {
		t.Errorf("stored events changed\nbefore: %s\nafter: %s", before, after)
	}
	mustRun("send", "telemetry_events", "--count", "1")
	if text := p.output.String(); strings.Contains(text, "goroutine ") || strings.Contains(text, "panic") {
		t.Errorf("a panic:\n%s", text)
	}
	if err := p.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// shoot writes the bytes and demands that the server ends the connection when
// its peer has.
func shoot(t *testing.T, service, address, text string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatalf("%s: %v", service, err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(conn, text) // the server may hang up halfway
	conn.(*net.TCPConn).CloseWrite()
	if _, err := io.Copy(io.Discard, conn); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection hangs after %.40q", service, text)
		}
	}
}
