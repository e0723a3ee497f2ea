package outside

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// bundleOf is a copy of the certificates in a file that somebody named, by a
// variable, to be trusted, with our authority; fallback where there is no such
// file or it is ours already, and where it has none that can be had, which
// passed then tells.
func (f *folder) bundleOf(variable, named, fallback string) (string, error) {
	if made := f.bundles[named]; made != "" {
		return made, nil
	}
	if named == "" || strings.Contains(named, folderPrefix) {
		return fallback, nil
	}
	text, err := certificates(named)
	if errors.Is(err, fs.ErrNotExist) {
		return fallback, nil
	}
	if err != nil {
		f.passed = append(f.passed, fmt.Sprintf("%s is as if it were not set: %v", variable, err))
		return fallback, nil
	}
	path, err := f.write(fmt.Sprintf("bundle-%d.pem", len(f.bundles)), f.withOurs(text))
	f.bundles[named] = path
	return path, err
}

// bundleLimit bounds a file of certificates, in bytes. What machines trust takes
// a quarter of a megabyte.
const bundleLimit = 16 << 20

// certificateTypes are what PEM calls a certificate, by OpenSSL's pem.h.
var certificateTypes = []string{"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"}

// certificates are those of a PEM file, and nothing else of it: the file may hold
// a key and be its owner's alone, and the copy is for everybody.
func certificates(path string) ([]byte, error) {
	text, err := readRegular(path, bundleLimit)
	if err != nil {
		return nil, err
	}
	var found bytes.Buffer
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if slices.Contains(certificateTypes, block.Type) {
			_ = pem.Encode(&found, &pem.Block{Type: block.Type, Bytes: block.Bytes}) // into memory
		}
	}
	if found.Len() == 0 {
		return nil, fmt.Errorf("%s holds no certificate in PEM", path)
	}
	return found.Bytes(), nil
}

// readRegular reads a file of at most limit bytes that is one: a pipe may have
// nobody who writes, and a device no end.
func readRegular(path string, limit int64) ([]byte, error) {
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%s is larger than %d MiB", path, limit>>20)
	}
	return text, err
}
