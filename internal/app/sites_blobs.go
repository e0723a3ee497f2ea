package app

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// dialBlobs reaches the blob service of a storage account of this process by the name
// that it has on Azure, and anything else where it is.
func (e *env) dialBlobs(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	at := storageDoors[typeBlobs]
	if a, meaning := e.find(host, typeBlobs); meaning == door.Known && a.Type == typeBlobs || isLoopback(host) && port == at.emulator {
		address = e.Doors.address(at.service)
	}
	return (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, address)
}

// authorities are whom the machine trusts, and this process's own; nil where they cannot
// be read, which means the machine's.
func (e *env) authorities() *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	own, err := os.ReadFile(e.Doors.ca.Path())
	if err != nil || !pool.AppendCertsFromPEM(own) {
		return nil
	}
	return pool
}

// managedToken asks this process's issuer for a token, as a program asks its managed
// identity endpoint. user is the name of a user-assigned identity, or "".
func (e *env) managedToken(ctx context.Context, principal, user, res string) (string, time.Time, error) {
	if e.Issuer == nil {
		return "", time.Time{}, fault.New(fault.Unavailable, "managed identity", "there is no token issuer")
	}
	q := url.Values{"api-version": {"2019-08-01"}, "resource": {res}}
	if user != "" {
		p, err := e.Who.Principal(identity.UserAssigned.Named(user))
		if err != nil {
			return "", time.Time{}, err
		}
		q.Set("client_id", p.AppID)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, managedEndpoint(e.Doors.address(instance.Identity))+"?"+q.Encode(), nil)
	if err != nil {
		return "", time.Time{}, err
	}
	r.Header.Set("X-IDENTITY-HEADER", e.Issuer.Header(principal))
	r.RemoteAddr = "127.0.0.1:0"
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	e.Issuer.ServeHTTP(w, r)
	var said struct {
		Token   string `json:"access_token"`
		Expires string `json:"expires_on"`
		Why     string `json:"error_description"`
	}
	if err := json.Unmarshal(w.body.Bytes(), &said); err != nil || w.status != http.StatusOK {
		return "", time.Time{}, fault.New(fault.Forbidden, principal, "it gets no token: %s", said.Why)
	}
	seconds, err := strconv.ParseInt(said.Expires, 10, 64)
	return said.Token, time.Unix(seconds, 0), err
}
