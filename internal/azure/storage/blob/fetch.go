package blob

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// Limits on a source that is elsewhere.
const (
	fetchDial   = 10 * time.Second
	fetchHeader = 30 * time.Second // until its answer begins
	fetchTotal  = 30 * time.Minute
)

// reach is how near an address is to this machine. A client has nothing fetched
// that is nearer than itself: what listens on this machine's loopback, or on its
// network, trusts that only neighbours get there.
type reach uint8

const (
	reachAnywhere reach = iota // the Internet
	reachNetwork               // private networks
	reachMachine               // loopback
	reachNobody                // link-local: metadata services of clouds, and what is no unicast at all
)

func reachOf(a netip.Addr) reach {
	a = a.Unmap()
	switch {
	case a.IsLoopback():
		return reachMachine
	case !a.IsGlobalUnicast():
		return reachNobody
	case a.IsPrivate(), sharedSpace.Contains(a):
		return reachNetwork
	}
	return reachAnywhere
}

// sharedSpace is RFC 6598's, which providers and overlay networks use.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// reachOfClient is from where a request came; who is unknown is anywhere.
func reachOfClient(r *http.Request) reach {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return reachAnywhere
	}
	return min(reachOf(a.Addr()), reachMachine)
}

var errTooNear = errors.New("the address is not reachable from where the request comes")

// newFetcher is a client that goes no nearer than allowed. It follows no
// redirections, uses no proxy and takes the bytes as they are.
func newFetcher(allowed reach) *http.Client {
	dialer := &net.Dialer{
		Timeout: fetchDial,
		Control: func(_, address string, _ syscall.RawConn) error {
			a, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			if reachOf(a.Addr()) > allowed {
				return errTooNear
			}
			return nil
		},
	}
	return &http.Client{
		Timeout: fetchTotal,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, DisableKeepAlives: true, DisableCompression: true,
			TLSHandshakeTimeout: fetchDial, ResponseHeaderTimeout: fetchHeader, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// fetch opens what is behind a URL of somebody else. header goes along.
func fetch(ctx context.Context, client *http.Client, u *url.URL, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, storage.InvalidHeader("x-ms-copy-source", clip(u.Redacted(), 300))
	}
	req.Header = header
	resp, err := client.Do(req)
	if err != nil {
		return nil, unverified(http.StatusNotFound, "The copy source %s cannot be reached: %s.", u.Host, reason(err))
	}
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent {
		return resp, nil
	}
	resp.Body.Close()
	status := resp.StatusCode
	if status < 400 {
		status = http.StatusNotFound
	}
	return nil, unverified(status, "The copy source %s answered %s.", u.Host, resp.Status)
}

// reason is what a client may know of a failed connection: its URL holds secrets.
func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// unverified is the refusal of a copy's source, with the status that the source
// answered.
func unverified(status int, format string, args ...any) *storage.Error {
	return storage.Fail("CannotVerifyCopySource").WithStatus(status).With("Reason", fmt.Sprintf(format, args...))
}
