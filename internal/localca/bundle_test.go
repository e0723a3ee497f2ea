package localca

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
)

// certificates counts the PEM blocks of a file.
func certificates(t *testing.T, file string) (n int) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		n++
	}
	return n
}

// TestBundleKeepsTheMachinesAuthorities: a shell that trusts the bundle still
// reaches the rest of the world.
func TestBundleKeepsTheMachinesAuthorities(t *testing.T) {
	other, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	roots := filepath.Join(t.TempDir(), "roots.pem")
	world, err := os.ReadFile(other.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(roots, append(world, world...), 0o600); err != nil {
		t.Fatal(err)
	}
	ca, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		roots []string
		want  int
	}{
		{[]string{roots + ".absent", roots}, 3},
		{[]string{roots, roots}, 3},
		{nil, 1}, // and what was there is replaced
	} {
		if err := ca.writeBundle(c.roots); err != nil {
			t.Fatal(err)
		}
		if n := certificates(t, ca.BundlePath()); n != c.want {
			t.Errorf("roots %q: %d certificates, want %d", c.roots, n, c.want)
		}
	}
}

// TestOpenWritesTheBundle also for an authority that an older version made.
func TestOpenWritesTheBundle(t *testing.T) {
	dir := t.TempDir()
	ca, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(ca.BundlePath()); err != nil {
		t.Fatal(err)
	}
	if ca, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	if certificates(t, ca.BundlePath()) < 1 {
		t.Error("the bundle is empty")
	}
}
