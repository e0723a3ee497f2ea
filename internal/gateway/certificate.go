package gateway

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

// Certificate is a certificate of a service: it is shown to backends, where it has a
// key, and policies hold those of callers against it.
type Certificate struct {
	Chain [][]byte `json:"chain"`         // DER, its own first
	Key   []byte   `json:"key,omitempty"` // PKCS #8
}

// ClientTLS is what a service wants of callers' certificates; its name is ClientTLSName.
type ClientTLS struct {
	Negotiate bool `json:"negotiate,omitempty"` // callers are asked for one
	Require   bool `json:"require,omitempty"`   // and must have one, whoever made it
	// Authorities are trusted beside the system's, as DER.
	Authorities [][]byte `json:"authorities,omitempty"`
}

// ClientTLSName is the name of the only ClientTLS.
const ClientTLSName = "default"

// maxCertificate bounds the files that certificates come in.
const maxCertificate = 256 << 10

// ReadCertificate reads a certificate: a PFX with its password, PEM or DER. Those
// beside it in the file are its chain.
func ReadCertificate(data []byte, password string) (c Certificate, err error) {
	var key any
	var all []*x509.Certificate
	switch {
	case len(data) > maxCertificate:
		return c, fault.New(fault.TooLarge, "certificate", "it has %d bytes; at most %d are taken", len(data), maxCertificate)
	case bytes.Contains(data, []byte("-----BEGIN ")):
		key, all, err = readPEM(data)
	default:
		key, all, err = readDER(data, password)
	}
	if err == nil && len(all) == 0 {
		err = errors.New("there is none in it")
	}
	if err == nil && key != nil {
		c.Key, err = x509.MarshalPKCS8PrivateKey(key)
		if public, ok := key.(interface{ Public() crypto.PublicKey }); err == nil && ok {
			own, _ := all[0].PublicKey.(interface{ Equal(crypto.PublicKey) bool })
			if own == nil || !own.Equal(public.Public()) {
				err = errors.New("its key is that of another one")
			}
		}
	}
	if err != nil {
		return Certificate{}, &fault.Error{Kind: fault.Invalid, Resource: "certificate", Msg: "it is no certificate as PFX, PEM or DER, or its password is another", Err: err}
	}
	for _, cert := range all {
		c.Chain = append(c.Chain, cert.Raw)
	}
	return c, nil
}

func readDER(data []byte, password string) (any, []*x509.Certificate, error) {
	if cert, err := x509.ParseCertificate(data); err == nil {
		return nil, []*x509.Certificate{cert}, nil
	}
	if n, _ := rounds(data, 0); n > maxRounds {
		return nil, nil, fmt.Errorf("its keys are derived in %d rounds; at most %d are taken", n, maxRounds)
	}
	key, cert, others, err := pkcs12.DecodeChain(data, password)
	if err != nil {
		return nil, nil, err
	}
	return key, append([]*x509.Certificate{cert}, others...), nil
}

func readPEM(data []byte) (key any, all []*x509.Certificate, err error) {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return key, all, nil
		}
		switch block.Type {
		case "CERTIFICATE":
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, cert)
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			err = errors.New("keys in PEM are read without a password alone; a PFX may have one")
		}
		if err != nil {
			return nil, nil, err
		}
	}
}

// Leaf is the certificate itself.
func (c Certificate) Leaf() (*x509.Certificate, error) { return x509.ParseCertificate(c.Chain[0]) }

// shown is the certificate as connections show it; it has no key where there is none.
func (c Certificate) shown() (*tls.Certificate, error) {
	leaf, err := c.Leaf()
	if err != nil || c.Key == nil {
		return &tls.Certificate{Certificate: c.Chain, Leaf: leaf}, err
	}
	key, err := x509.ParsePKCS8PrivateKey(c.Key)
	return &tls.Certificate{Certificate: c.Chain, Leaf: leaf, PrivateKey: key}, err
}

// certificates are those of a service as it runs.
type certificates struct {
	byID      map[string]*tls.Certificate // by name in lower case
	named     map[string]*x509.Certificate
	negotiate bool
	require   bool
	own       []*x509.Certificate // authorities
}

func newCertificates() certificates {
	return certificates{byID: map[string]*tls.Certificate{}, named: map[string]*x509.Certificate{}}
}

func (c *certificates) add(name string, def Certificate) error {
	if len(def.Chain) == 0 {
		return fault.New(fault.Invalid, "certificate "+name, "there is none")
	}
	shown, err := def.shown()
	if err != nil {
		return &fault.Error{Kind: fault.Invalid, Resource: "certificate " + name, Msg: "it is none", Err: err}
	}
	c.byID[strings.ToLower(name)], c.named[name] = shown, shown.Leaf
	return nil
}

func (c *certificates) callers(def ClientTLS) error {
	c.negotiate, c.require = def.Negotiate || def.Require, def.Require
	for _, der := range def.Authorities {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return &fault.Error{Kind: fault.Invalid, Resource: "certificate authority", Msg: "it is no certificate", Err: err}
		}
		c.own = append(c.own, cert)
	}
	return nil
}

// find is a certificate by its name or, where that is empty, by its thumbprint; nil:
// there is none.
func (c *certificates) find(id, thumbprint string) *tls.Certificate {
	if id != "" {
		return c.byID[strings.ToLower(id)]
	}
	for _, cert := range c.byID {
		if strings.EqualFold(expression.Thumbprint(cert.Leaf), thumbprint) {
			return cert
		}
	}
	return nil
}

// AsksCertificates reports whether connections to the service are asked for a
// certificate.
func (s *Service) AsksCertificates() bool { return s.current.Load().certificates.negotiate }

// store implements policy.World.Certificates.
func (s *Service) store() policy.Certificates {
	c := &s.current.Load().certificates
	return policy.Certificates{
		Find: c.find, All: c.named,
		Trusts: func(chain []*x509.Certificate, at time.Time) error {
			roots := x509.NewCertPool()
			if s.engine.Roots != nil {
				roots = s.engine.Roots.Clone()
			}
			between := x509.NewCertPool()
			for _, a := range c.own {
				if bytes.Equal(a.RawIssuer, a.RawSubject) {
					roots.AddCert(a)
				} else {
					between.AddCert(a)
				}
			}
			for _, a := range chain[1:] {
				between.AddCert(a)
			}
			_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
			return err
		},
	}
}

// shows is the certificate that a backend is shown: the call's, or its own.
func (s *Service) shows(b *Backend, ofCall *tls.Certificate) (*tls.Certificate, error) {
	if ofCall != nil || b.Certificate == "" && b.CertificateThumbprint == "" {
		return ofCall, nil
	}
	cert := s.current.Load().certificates.find(b.Certificate, b.CertificateThumbprint)
	if cert == nil || cert.PrivateKey == nil {
		return nil, fault.New(fault.Unavailable, "certificate of a backend", "there is none with a key that is called %s%s", b.Certificate, b.CertificateThumbprint)
	}
	return cert, nil
}

// certified refuses backends whose certificate is not there.
func (b *builder) certified(name string, v Backend) error {
	if v.Certificate == "" && v.CertificateThumbprint == "" {
		return nil
	}
	for _, path := range sortedPaths(b.m.records) {
		def, ok := b.m.records[path].value.(Certificate)
		if !ok {
			continue
		}
		leaf, err := def.Leaf()
		if err != nil || (v.Certificate == "" || !strings.EqualFold(b.m.records[path].name, v.Certificate)) && (v.Certificate != "" || !strings.EqualFold(expression.Thumbprint(leaf), v.CertificateThumbprint)) {
			continue
		}
		if def.Key == nil {
			return fault.New(fault.Invalid, "backend "+name, "the certificate %s has no key, so it cannot be shown", b.m.records[path].name)
		}
		return nil
	}
	return fault.New(fault.Invalid, "backend "+name, "there is no certificate %s%s", v.Certificate, v.CertificateThumbprint)
}

func sortedPaths(all records) []string {
	paths := make([]string, 0, len(all))
	for path := range all {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}
