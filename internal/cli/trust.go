package cli

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

// localTLS returns the TLS settings for a lazuli of this user that listens at
// address (host or host:port): its authority, and no other. Any other address
// gets nil, so that the machine's authorities decide.
func localTLS(address string) (*tls.Config, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || !isLoopback(host) {
		return nil, nil
	}
	all, err := instance.All()
	if err != nil {
		return nil, err
	}
	for _, info := range all {
		for _, listens := range info.Addresses {
			if _, p, err := net.SplitHostPort(listens); err == nil && p == port {
				trust, err := trusting(info.CAFile)
				if err != nil {
					return nil, err
				}
				trust.ServerName = host
				return trust, nil
			}
		}
	}
	return nil, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// trusting returns TLS settings that accept the local certificate authority,
// and no other.
func trusting(caFile string) (*tls.Config, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("the local certificate authority: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", caFile)
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// trustHint says what helps where a certificate is not trusted.
const trustHint = "the server's certificate is from an authority that this machine does not trust; " +
	"`lazuli env --shell` sets SSL_CERT_FILE for a lazuli of this machine"

// untrusted reports whether a connection failed over the server's certificate.
// The SDKs keep only the text of the error.
func untrusted(err error) bool {
	return strings.Contains(err.Error(), "x509: certificate signed by unknown authority")
}
