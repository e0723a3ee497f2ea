package cosmos

import "net/http"

// authorityPath is where the vendor's emulator serves its certificate, which
// its guides import into trust stores (for Java with keytool).
const authorityPath = "/_explorer/emulator.pem"

// serveAuthority answers a request for the certificate authority behind the
// service's TLS. It is public: it needs no signature.
func (s *Service) serveAuthority(w http.ResponseWriter, r *http.Request) {
	switch {
	case len(s.authority) == 0:
		http.Error(w, "This account serves no certificate authority.", http.StatusNotFound)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "The certificate authority can only be read.", http.StatusMethodNotAllowed)
	default:
		w.Header().Set("Content-Type", "application/x-pem-file")
		// A write error means that the peer is gone.
		_, _ = w.Write(s.authority)
	}
}
