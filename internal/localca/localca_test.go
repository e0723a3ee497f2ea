package localca

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

var names = []string{"localhost", "127.0.0.1"}

// TestClientTrustsServer makes a real TLS connection that trusts ca.pem only.
func TestClientTrustsServer(t *testing.T) {
	ca, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Server(names)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(ca.Path())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("ca.pem is not PEM")
	}
	for _, name := range names {
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if c, err := l.Accept(); err == nil {
				io.WriteString(c, "hello")
				c.Close()
			}
		}()
		raw, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c := tls.Client(raw, &tls.Config{RootCAs: pool, ServerName: name})
		if got, err := io.ReadAll(c); err != nil || string(got) != "hello" {
			t.Errorf("%s: read %q, %v", name, got, err)
		}
		c.Close()
		l.Close()
	}
}

func TestAuthorityAndCertificateAreKept(t *testing.T) {
	dir := t.TempDir()
	var serials [2]string
	for i := range serials {
		ca, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := ca.Server(names)
		if err != nil {
			t.Fatal(err)
		}
		serials[i] = ca.cert.SerialNumber.String() + " " + cert.Leaf.SerialNumber.String()
	}
	if serials[0] != serials[1] {
		t.Error("opening again made new certificates: every client would have to trust anew")
	}
	ca, _ := Open(dir)
	cert, err := ca.Server(append(names, "lazuli.test"))
	if err != nil || cert.Leaf.VerifyHostname("lazuli.test") != nil {
		t.Errorf("a new name did not give a new certificate: %v", err)
	}
}

func TestFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	ca, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ca.Server(names); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{caFile, caKeyFile, serverFile, serverKey, bundleFile} {
		info, err := os.Stat(filepath.Join(dir, f))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; want 0600", f, info.Mode(), err)
		}
	}
}

func TestBrokenAuthorityIsNotReplacedInSilence(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, caFile), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil {
		t.Error("a broken CA was replaced: clients would fail without a word")
	}
}
