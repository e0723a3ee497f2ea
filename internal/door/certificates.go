package door

import (
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"time"
)

// maxCertificates bounds those that are kept; names come from clients.
const maxCertificates = 256

// Certificates shows each client a certificate for the name that it asks for.
// Names that are not ours get the base certificate, and the client decides.
type Certificates struct {
	names Names
	issue func(names ...string) (tls.Certificate, error)

	mu   sync.Mutex
	base tls.Certificate             // guarded by mu
	made map[string]*tls.Certificate // by name; guarded by mu
}

// NewCertificates returns certificates that begin with base. issue makes one
// for names that base does not cover, and renews base.
func NewCertificates(base tls.Certificate, names Names, issue func(names ...string) (tls.Certificate, error)) *Certificates {
	return &Certificates{base: base, names: names, issue: issue, made: map[string]*tls.Certificate{}}
}

// Get is a tls.Config.GetCertificate. A client that names no host (RFC 6066
// forbids addresses there) gets one for the address that it reached.
func (c *Certificates) Get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(hello.ServerName)
	if name == "" && hello.Conn != nil {
		if a, ok := hello.Conn.LocalAddr().(*net.TCPAddr); ok {
			name = a.IP.String()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.renew(); err != nil {
		return nil, err
	}
	if name == "" || c.base.Leaf.VerifyHostname(name) == nil {
		return &c.base, nil
	}
	if cert := c.made[name]; cert != nil && !ending(cert) {
		return cert, nil
	}
	if host, ok := hostName(name); !ok || !c.known(host) {
		return &c.base, nil
	}
	cert, err := c.issue(name)
	if err != nil {
		return nil, err
	}
	if len(c.made) >= maxCertificates {
		clear(c.made)
	}
	c.made[name] = &cert
	return &cert, nil
}

// known reports whether a name is ours or an account's.
func (c *Certificates) known(name string) bool {
	_, meaning := c.names.find(name, "")
	return meaning == Known || c.names.ours(name)
}

// renew replaces the base certificate before it ends. The caller holds mu.
func (c *Certificates) renew() error {
	if !ending(&c.base) {
		return nil
	}
	leaf := c.base.Leaf
	names := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	fresh, err := c.issue(names...)
	if err == nil {
		c.base = fresh
	}
	return err
}

func ending(c *tls.Certificate) bool {
	return time.Now().Add(24 * time.Hour).After(c.Leaf.NotAfter)
}
