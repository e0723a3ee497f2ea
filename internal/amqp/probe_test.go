package amqp_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// records is a log whose lines a test takes one by one.
type records chan slog.Record

func (r records) Enabled(context.Context, slog.Level) bool { return true }

func (r records) Handle(_ context.Context, line slog.Record) error {
	r <- line
	return nil
}

func (r records) WithAttrs([]slog.Attr) slog.Handler { return r }
func (r records) WithGroup(string) slog.Handler      { return r }

// A port scan or a health probe that connects and leaves is no news to an
// operator; a peer that speaks another protocol is.
func TestProbesAreNoNews(t *testing.T) {
	cert, _ := certificate(t)
	for what, c := range map[string]struct {
		tls   bool
		write string
		level slog.Level
	}{
		"probe of the plain port":   {level: slog.LevelDebug},
		"probe of the TLS port":     {level: slog.LevelDebug, tls: true},
		"cut off in the header":     {level: slog.LevelDebug, write: "AMQP"},
		"HTTP on the plain port":    {level: slog.LevelInfo, write: "GET / HTTP/1.1\r\n\r\n"},
		"plain text on the TLS one": {level: slog.LevelInfo, write: "AMQP\x00\x01\x00\x00", tls: true},
	} {
		t.Run(what, func(t *testing.T) {
			testkit.NoLeaks(t)
			lines := make(records, 16)
			l := testkit.Listen(t)
			if c.tls {
				l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
			}
			addr := serveOn(t, l, newNode(), func(cfg *amqp.ServerConfig) { cfg.Log = slog.New(lines) })
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := nc.Write([]byte(c.write)); err != nil {
				t.Fatal(err)
			}
			nc.Close()
			if line := <-lines; line.Level != c.level || line.Message != "connection ended in its handshake" {
				t.Errorf("logged %v %q, want %v", line.Level, line.Message, c.level)
			}
		})
	}
}
