package outside

import (
	"bytes"
	"embed"
	"encoding/pem"
	"os"
	"path/filepath"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

//go:embed python/sitecustomize.py
var python embed.FS

// folderPrefix begins the name of every folder of files for one program.
const folderPrefix = "lazuli-exec-"

// folder holds the files that one program is shown. Nothing in it is secret,
// and everybody may read it: programs change their user.
type folder struct {
	dir       string
	held      *os.File          // marks dir as in use; nil where that cannot be
	authority []byte            // ours, PEM
	bundles   map[string]string // copies, by what they are copies of
	passed    []string          // files that are no copies here, and why
}

// newFolder makes one with our authority, in PEM, and removes those whose
// programs were killed.
func newFolder(authority []byte) (*folder, error) {
	sweep(os.TempDir())
	dir, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		return nil, err
	}
	f := &folder{dir: dir, authority: append(bytes.TrimSpace(authority), '\n'), bundles: map[string]string{}}
	if f.held, err = hold(dir); err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		f.remove()
		return nil, err
	}
	return f, nil
}

func (f *folder) remove() {
	_ = os.RemoveAll(f.dir) // a later one sweeps
	_ = f.held.Close()
}

// path is where a file of the folder is.
func (f *folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// write puts a file into the folder and returns its path.
func (f *folder) write(name string, text []byte) (string, error) {
	path := f.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return "", err
	}
	return path, os.Chmod(path, 0o644) // whatever the mask is
}

// bundleFiles are where the machines that we know keep, in one file, the
// authorities that they trust.
var bundleFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine, Arch
	"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // newer RHEL
	"/etc/ssl/ca-bundle.pem",                            // openSUSE
	"/var/lib/ca-certificates/ca-bundle.pem",            // openSUSE
	"/etc/pki/tls/cert.pem",                             // RHEL
	"/etc/ssl/cert.pem",                                 // Alpine, macOS, BSD
}

// machineBundle is what the machine trusts, in PEM; what browsers trust where it
// does not say.
func machineBundle() []byte {
	for _, path := range bundleFiles {
		if text, err := os.ReadFile(path); err == nil && bytes.Contains(text, []byte("-----BEGIN CERTIFICATE-----")) {
			return text
		}
	}
	var roots bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&roots, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // into memory
		}
	}
	return roots.Bytes()
}

// withOurs is a bundle with our authority before it.
func (f *folder) withOurs(bundle []byte) []byte {
	return append(append(bytes.Clone(f.authority), bytes.TrimSpace(bundle)...), '\n')
}
