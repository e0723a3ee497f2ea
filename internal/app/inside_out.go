package app

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/host/relay"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// insideOut is how a part of this process calls others by their names in Azure: those
// of accounts here lead to our own doors, all others out. Answers come as they are,
// compressed where they are.
func (e *env) insideOut() http.RoundTripper {
	base := e.outward()
	return &relay.Transport{Client: &relay.Client{Dial: base.DialContext}, Base: base}
}

// trusted are the system's authorities and the own one.
func (e *env) trusted() *x509.CertPool {
	roots := x509.NewCertPool()
	if text, err := os.ReadFile(e.Doors.ca.BundlePath()); err == nil {
		roots.AppendCertsFromPEM(text)
	}
	return roots
}

// outward is the way of what relay does not carry.
func (e *env) outward() *http.Transport {
	roots := e.trusted()
	dialer := net.Dialer{Timeout: 30 * time.Second}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if at, ours := e.doorOf(address); ours {
			address = at
		}
		return dialer.DialContext(ctx, network, address)
	}
	return &http.Transport{
		DialContext:     dial,
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true,
		MaxIdleConns: 1000, MaxIdleConnsPerHost: 256, IdleConnTimeout: 90 * time.Second, DisableCompression: true, ResponseHeaderTimeout: 0,
		WriteBufferSize: 16 << 10, ReadBufferSize: 16 << 10,
	}
}

// wayKey tells ways to backends apart: what is let go of their certificates, and the
// certificate that they are shown.
type wayKey struct {
	less  gateway.TLS
	shown [sha256.Size]byte
}

// maxWays bounds those that are kept, each with its connections.
const maxWays = 64

// via are ways to backends whose certificates are held against less, or which are shown
// one. Connections are one certificate's alone.
func (e *env) via() func(gateway.TLS, *tls.Certificate) http.RoundTripper {
	var mu sync.Mutex // guards ways
	ways := map[wayKey]*http.Transport{}
	return func(less gateway.TLS, shown *tls.Certificate) http.RoundTripper {
		key := wayKey{less: less}
		if shown != nil {
			key.shown = sha256.Sum256(shown.Certificate[0])
		}
		mu.Lock()
		defer mu.Unlock()
		if way := ways[key]; way != nil {
			return way
		}
		for old, way := range ways {
			if len(ways) < maxWays {
				break
			}
			way.CloseIdleConnections()
			delete(ways, old)
		}
		way := e.outward()
		if shown != nil {
			way.TLSClientConfig.Certificates = []tls.Certificate{*shown}
			// Whoever asks gets it, whatever authorities it names: so the vendor's does.
			way.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return shown, nil }
		}
		if less != (gateway.TLS{}) {
			way.DialTLSContext = carelessly(way.DialContext, way.TLSClientConfig, less)
		}
		ways[key] = way
		return way
	}
}

// carelessly connects with TLS to whoever has the certificate that is demanded still.
func carelessly(dial func(context.Context, string, string) (net.Conn, error), config *tls.Config, less gateway.TLS) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		plain, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		own := config.Clone()
		own.ServerName, own.InsecureSkipVerify = host, true
		own.VerifyConnection = func(s tls.ConnectionState) error { return verify(s, host, config.RootCAs, less) }
		c := tls.Client(plain, own)
		if err := c.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, plain.Close())
		}
		return c, nil
	}
}

// verify holds a certificate against what is left of it.
func verify(s tls.ConnectionState, host string, roots *x509.CertPool, less gateway.TLS) error {
	leaf := s.PeerCertificates[0]
	if !less.SkipTLSName {
		if err := leaf.VerifyHostname(host); err != nil {
			return err
		}
	}
	if less.SkipTLSVerify {
		return nil
	}
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
	return err
}

// doorOf is the address of the door that answers for a host name.
func (e *env) doorOf(address string) (at string, ours bool) {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !strings.Contains(host, ".") {
		return "", false
	}
	host = strings.ToLower(host)
	if host == signInHost {
		return e.Doors.addresses[instance.Identity], true
	}
	label, domain, _ := strings.Cut(host, ".")
	for _, s := range e.Given.Suffixes {
		if s.domain != domain {
			continue
		}
		a, err := s.account(e.Exists, label)
		if err != nil {
			continue
		}
		service := s.service
		if strings.HasSuffix(service, "/") {
			service += a.Name
		}
		if at := e.Doors.address(service); at != "" {
			return at, true
		}
		return e.Doors.addresses[instance.Identity], true // it is ours and has no door now: that one says so
	}
	return "", false
}
