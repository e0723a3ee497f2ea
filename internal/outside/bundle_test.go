package outside

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrivateBundle: a file that is its owner's alone may hold a key beside the
// certificates; the copy, which is everybody's, has the certificates alone.
func TestPrivateBundle(t *testing.T) {
	ca, _ := authority(t, "x")
	other, _ := authority(t, "y")
	const secret = "MC4CAQAwBQYDK2VwBCIEIA"
	text := "a comment with a password\n-----BEGIN PRIVATE KEY-----\n" + secret + "==\n-----END PRIVATE KEY-----\n" + string(other)
	named := filepath.Join(t.TempDir(), "mine.pem")
	if err := os.WriteFile(named, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, set := variablesOf(t, World{Authority: ca}, "REQUESTS_CA_BUNDLE="+named)
	copied := read(t, set["REQUESTS_CA_BUNDLE"])
	if strings.Contains(copied, secret) || strings.Contains(copied, "password") || strings.Count(copied, "-----BEGIN") != 2 {
		t.Errorf("the copy is\n%s", copied)
	}
	if !strings.Contains(copied, strings.TrimSpace(string(other))) || len(r.Passed()) > 0 {
		t.Errorf("the copy is without what was trusted; %q\n%s", r.Passed(), copied)
	}
}

// TestNoBundle: what is no file of certificates is as if it had not been named,
// and one line says so. None of them is waited for.
func TestNoBundle(t *testing.T) {
	ca, _ := authority(t, "x")
	dir := t.TempDir()
	large, key := filepath.Join(dir, "large"), filepath.Join(dir, "key")
	if err := os.WriteFile(large, bytes.Repeat([]byte("x"), bundleLimit+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, []byte("PRIVATE KEY of mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for named, want := range noBundles(t, map[string]string{large: "larger than 16 MiB", key: "no certificate", dir: "no regular file"}) {
		r, set := variablesOf(t, World{Authority: ca}, "SSL_CERT_FILE="+named)
		said := strings.Join(r.Passed(), "\n")
		if !strings.HasPrefix(said, "SSL_CERT_FILE is as if it were not set: "+named) || !strings.Contains(said, want) || strings.Contains(said, "\n") {
			t.Errorf("%s: %q", named, said)
		}
		if text := read(t, set["SSL_CERT_FILE"]); strings.Count(text, "BEGIN CERTIFICATE") < 50 || strings.Contains(text, "PRIVATE KEY") {
			t.Errorf("%s: the machine's authorities are not trusted", named)
		}
	}
}
