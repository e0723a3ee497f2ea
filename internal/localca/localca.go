// Package localca makes and keeps the certificate authority of one data
// folder, and the server certificate that the TLS listeners show.
//
// Both are made on first use and renewed before they end, so a client that
// trusts ca.pem once is done. Keys are ECDSA P-256, files are 0600. The package
// never touches the machine's own trust store: `lazuli env` tells how each SDK
// is pointed at ca.pem, or at bundle.pem, which adds the machine's own roots.
package localca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	caFile     = "ca.pem"
	caKeyFile  = "ca.key"
	serverFile = "server.pem"
	serverKey  = "server.key"

	caLife     = 10 * 365 * 24 * time.Hour
	serverLife = 390 * 24 * time.Hour // some clients refuse longer ones
	renewAhead = 30 * 24 * time.Hour
)

// CA is the authority of a folder.
type CA struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	now  time.Time
}

// Open loads the authority in dir, or makes it.
func Open(dir string) (*CA, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("certificate folder: %w", err)
	}
	ca := &CA{dir: dir, now: time.Now()}
	if err := ca.loadOrMake(); err != nil {
		return nil, err
	}
	return ca, ca.writeBundle(systemRoots())
}

func (ca *CA) loadOrMake() error {
	pair, err := loadPair(ca.Path(), filepath.Join(ca.dir, caKeyFile))
	if err == nil && ca.now.Add(renewAhead).Before(pair.cert.NotAfter) {
		ca.cert, ca.key = pair.cert, pair.key
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("local certificate authority: %w (delete %s to make a new one; clients must then trust it anew)", err, ca.dir)
	}
	return ca.make()
}

// Path returns the file that clients trust, in PEM.
func (ca *CA) Path() string { return filepath.Join(ca.dir, caFile) }

func (ca *CA) make() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: "Lazuli local CA", Organization: []string{"Lazuli (this machine only)"}},
		NotBefore:             ca.now.Add(-time.Hour),
		NotAfter:              ca.now.Add(caLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	if ca.cert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	ca.key = key
	return savePair(ca.Path(), filepath.Join(ca.dir, caKeyFile), der, key)
}

// Server returns the certificate for the names, which may be host names or IP
// addresses. The one on disk serves while it covers them and is not near its
// end.
func (ca *CA) Server(names []string) (tls.Certificate, error) {
	certPath, keyPath := filepath.Join(ca.dir, serverFile), filepath.Join(ca.dir, serverKey)
	if pair, err := loadPair(certPath, keyPath); err == nil && ca.serves(pair.cert, names) {
		return tls.Certificate{Certificate: [][]byte{pair.cert.Raw}, PrivateKey: pair.key, Leaf: pair.cert}, nil
	}
	cert, err := ca.Issue(names...)
	if err != nil {
		return tls.Certificate{}, err
	}
	return cert, savePair(certPath, keyPath, cert.Leaf.Raw, cert.PrivateKey.(*ecdsa.PrivateKey))
}

// Issue makes a certificate for the names, in memory. It may be called from
// several goroutines.
func (ca *CA) Issue(names ...string) (tls.Certificate, error) {
	if len(names) == 0 {
		return tls.Certificate{}, errors.New("a certificate needs a name")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: names[0]},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(serverLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

func (ca *CA) serves(cert *x509.Certificate, names []string) bool {
	return cert.CheckSignatureFrom(ca.cert) == nil &&
		ca.now.Add(renewAhead).Before(cert.NotAfter) &&
		!slices.ContainsFunc(names, func(n string) bool { return cert.VerifyHostname(n) != nil })
}

func serial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b)
	sum := sha256.Sum256(b)
	sum[0] &= 0x7f
	return new(big.Int).SetBytes(sum[:16])
}

type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func loadPair(certPath, keyPath string) (pair, error) {
	loaded, err := tls.LoadX509KeyPair(certPath, keyPath)
	if err != nil {
		return pair{}, err
	}
	key, ok := loaded.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return pair{}, fmt.Errorf("%s holds no ECDSA key", keyPath)
	}
	return pair{loaded.Leaf, key}, nil
}

// savePair writes the key before the certificate, each whole or not at all, so
// that a crash between leaves a pair that does not load and is made anew.
func savePair(certPath, keyPath string, der []byte, key *ecdsa.PrivateKey) error {
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := replaceFile(keyPath, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})); err != nil {
		return err
	}
	return replaceFile(certPath, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// replaceFile writes a file of the owner's, whole and on disk before it has its
// name: a power loss leaves the old one, the new one or none, never an empty one.
func replaceFile(path string, data []byte) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Pool returns the authority as what a client of ours trusts.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}
