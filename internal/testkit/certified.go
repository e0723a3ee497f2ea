package testkit

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// Certified is a certificate with its key. That of a name is the same in each run, with
// its number and its thumbprint.
type Certified struct {
	*x509.Certificate
	Key ed25519.PrivateKey
}

// Certify makes a certificate for a name (O=Contoso, CN=name) that holds in some years;
// it is its own issuer without one, and may issue others.
func Certify(t testing.TB, name string, by *Certified, from, until int) *Certified {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	key := ed25519.NewKeyFromSeed(seed[:])
	year := func(n int) time.Time { return time.Date(n, 1, 1, 0, 0, 0, 0, time.UTC) }
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(seed[:8]), NotBefore: year(from), NotAfter: year(until),
		Subject: pkix.Name{Organization: []string{"Contoso"}, CommonName: name}, SubjectKeyId: seed[:20],
		DNSNames: []string{name + ".test", "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	parent, signer := template, key
	if by == nil {
		template.IsCA, template.ExtKeyUsage = true, nil
		template.KeyUsage |= x509.KeyUsageCertSign
	} else {
		parent, signer = by.Certificate, by.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &Certified{cert, key}
}

// TLS is the certificate as connections show it.
func (c *Certified) TLS() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: c.Key, Leaf: c.Certificate}
}

// PFX is the certificate with its key, as such a file.
func (c *Certified) PFX(t testing.TB, password string) []byte {
	t.Helper()
	data, err := pkcs12.Modern.Encode(c.Key, c.Certificate, nil, password)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// PEM is the certificate, and with it its key.
func (c *Certified) PEM(t testing.TB, keyed bool) []byte {
	t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	if !keyed {
		return text
	}
	key, err := x509.MarshalPKCS8PrivateKey(c.Key)
	if err != nil {
		t.Fatal(err)
	}
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
}
