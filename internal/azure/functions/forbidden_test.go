package functions

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// TestIPForbidden: the status line is App Service's own, by which tools know why.
func TestIPForbidden(t *testing.T) {
	denied := fault.Wrap(fault.Forbidden, "", &IPForbidden{netip.MustParseAddr("203.0.113.9")}, "access restriction")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (&Service{}).Refuse(w, r, denied) }))
	defer server.Close()
	for _, method := range []string{"GET", "HEAD"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "%s / HTTP/1.1\r\nHost: app\r\n\r\n", method)
		in := bufio.NewReader(conn)
		line, err := in.ReadString('\n')
		if err != nil || strings.TrimSpace(line) != "HTTP/1.1 403 Ip Forbidden" {
			t.Errorf("%s: %q %v", method, line, err)
		}
		conn.Close()
	}
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 403 || res.Header.Get("x-ms-forbidden-ip") != "203.0.113.9" {
		t.Errorf("%s %v", res.Status, res.Header)
	}
}
