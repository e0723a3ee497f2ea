package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
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

// outward is the way of what relay does not carry.
func (e *env) outward() *http.Transport {
	roots := x509.NewCertPool()
	if text, err := os.ReadFile(e.Doors.ca.BundlePath()); err == nil {
		roots.AppendCertsFromPEM(text)
	}
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

// careless are ways to backends whose certificates are held against less.
func (e *env) careless() func(gateway.TLS) http.RoundTripper {
	ways := map[gateway.TLS]http.RoundTripper{}
	for _, less := range []gateway.TLS{{SkipTLSVerify: true}, {SkipTLSName: true}, {SkipTLSVerify: true, SkipTLSName: true}} {
		way := e.outward()
		dial, config := way.DialContext, way.TLSClientConfig
		way.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
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
		ways[less] = way
	}
	return func(less gateway.TLS) http.RoundTripper { return ways[less] }
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
