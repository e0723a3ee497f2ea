package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// proxy answers CONNECT, reads the calls inside and passes them on.
type proxy struct {
	ca       *authority
	log      *log
	upstream *http.Transport // of all connections: what is measured is answers, not handshakes
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT is answered here", http.StatusMethodNotAllowed)
		return
	}
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	cert, err := p.ca.leaf(host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	client := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*cert}, NextProtos: []string{"http/1.1"}})
	p.calls(client, net.JoinHostPort(host, port))
}

// calls passes on what comes over one connection, until it ends.
func (p *proxy) calls(client net.Conn, at string) {
	in := bufio.NewReader(client)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if strings.EqualFold(req.Header.Get("Expect"), "100-continue") {
			if _, err := io.WriteString(client, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
				return
			}
		}
		if err := p.call(client, req, at); err != nil {
			fmt.Fprintf(client, "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%v", len(err.Error()), err)
			client.Close()
			return
		}
	}
}

// call passes one on and writes it down.
func (p *proxy) call(client net.Conn, req *http.Request, at string) error {
	sent, err := io.ReadAll(req.Body)
	if err != nil {
		return err
	}
	began := time.Now()
	out := req.Clone(req.Context())
	out.RequestURI = ""
	out.URL.Scheme, out.URL.Host = "https", strings.TrimSuffix(at, ":443")
	out.Body = io.NopCloser(bytes.NewReader(sent))
	out.ContentLength = int64(len(sent))
	out.Header.Del("Expect")
	res, err := p.upstream.RoundTrip(out)
	if err != nil {
		p.log.failed(req, at, err)
		return err
	}
	got, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return err
	}
	p.log.add(req, at, sent, res, got, time.Since(began))
	if req.Method != http.MethodHead {
		res.ContentLength = int64(len(got))
		res.TransferEncoding = nil
		res.Body = io.NopCloser(bytes.NewReader(got))
	}
	res.Proto, res.ProtoMajor, res.ProtoMinor = "HTTP/1.1", 1, 1 // whatever was spoken upstream
	return res.Write(client)
}
