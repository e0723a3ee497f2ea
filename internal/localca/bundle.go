package localca

import (
	"bytes"
	"os"
	"path/filepath"
)

const bundleFile = "bundle.pem"

// systemRoots are where the machines that we know keep the authorities that
// they trust, all in one file; the first that exists counts.
func systemRoots() []string {
	return []string{
		"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine, Arch
		"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // newer RHEL
		"/etc/ssl/ca-bundle.pem",                            // openSUSE
		"/etc/ssl/cert.pem",                                 // macOS, BSD
	}
}

// BundlePath returns a file with this authority and those that the machine
// trusts: for clients that take one file in place of the machine's, and still
// have the rest of the world to reach. Without a known file of the machine it
// holds this authority alone.
func (ca *CA) BundlePath() string { return filepath.Join(ca.dir, bundleFile) }

// writeBundle brings the bundle up to date with what the machine trusts now.
func (ca *CA) writeBundle(roots []string) error {
	own, err := os.ReadFile(ca.Path())
	if err != nil {
		return err
	}
	bundle := bytes.TrimRight(own, "\n")
	for _, file := range roots {
		if system, err := os.ReadFile(file); err == nil {
			bundle = append(append(bundle, '\n'), bytes.TrimSpace(system)...)
			break
		}
	}
	bundle = append(bundle, '\n')
	if was, err := os.ReadFile(ca.BundlePath()); err == nil && bytes.Equal(was, bundle) {
		return nil
	}
	return replaceFile(ca.BundlePath(), bundle)
}
