package outside

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// helloLimit bounds how long a client may take for its first message.
const helloLimit = 10 * time.Second

// unrecognizedName is the TLS alert of RFC 6066, section 3, fatal.
var unrecognizedName = []byte{21, 3, 3, 0, 2, 2, 112}

var errHeard = errors.New("the first message is read")

// serverName reads a client's first TLS message and returns the host that it
// names, in lower case, and all bytes that were read. What is no TLS names
// nobody, and one byte of it was read.
func serverName(c net.Conn) (name string, said []byte, err error) {
	c.SetReadDeadline(time.Now().Add(helloLimit))
	defer c.SetReadDeadline(time.Time{})
	first := make([]byte, 1)
	if _, err := io.ReadFull(c, first); err != nil {
		return "", nil, err
	}
	if first[0] != 22 { // the content type of a handshake
		return "", first, nil
	}
	var heard bytes.Buffer
	listening := tls.Server(overhears{c, io.TeeReader(io.MultiReader(bytes.NewReader(first), c), &heard)}, &tls.Config{
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			name = strings.ToLower(hello.ServerName)
			return nil, errHeard
		},
	})
	if err := listening.Handshake(); !errors.Is(err, errHeard) {
		return "", nil, err
	}
	return name, heard.Bytes(), nil
}

// overhears is a connection whose TLS server must say nothing.
type overhears struct {
	net.Conn
	from io.Reader
}

func (o overhears) Read(b []byte) (int, error)  { return o.from.Read(b) }
func (o overhears) Write(b []byte) (int, error) { return len(b), nil }
