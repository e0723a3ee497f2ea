package outside

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"software.sslmate.com/src/go-pkcs12"
)

// storePassword opens the Java trust store. It is what Java assumes; the file
// holds nothing secret.
const storePassword = "changeit"

// trustStore is a PKCS #12 file with the certificates of a PEM bundle, as every
// Java since 8 reads it. What is in the bundle and no certificate that Go reads
// is left out: Java would not take it either.
func trustStore(bundle []byte) ([]byte, error) {
	var entries []pkcs12.TrustStoreEntry
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		entries = append(entries, pkcs12.TrustStoreEntry{Cert: cert, FriendlyName: fmt.Sprintf("%d %s", len(entries), cert.Subject.CommonName)})
	}
	return pkcs12.LegacyDES.EncodeTrustStoreEntries(entries, storePassword)
}
