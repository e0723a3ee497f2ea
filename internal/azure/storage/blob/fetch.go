package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	fetchQuiet  = time.Minute      // between two bytes
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
		Transport: &http.Transport{
			DialContext: dialer.DialContext, DisableKeepAlives: true, DisableCompression: true,
			TLSHandshakeTimeout: fetchDial, ResponseHeaderTimeout: fetchHeader, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// get asks for what is behind a URL of somebody else, no nearer than allowed. The
// source is the answer, of any status; closing it ends the request.
func (s *source) get(ctx context.Context, allowed reach, u *url.URL, header http.Header) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	s.hangUp = func() { cancel(context.Canceled) }
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, storage.InvalidHeader("x-ms-copy-source", clip(u.Redacted(), 300))
	}
	req.Header = header
	resp, err := newFetcher(allowed).Do(req)
	if err != nil {
		return nil, err
	}
	quiet := time.AfterFunc(fetchQuiet, func() { cancel(errQuiet) })
	quiet.Stop()
	s.body, s.size = &steady{resp.Body, quiet}, resp.ContentLength
	return resp, nil
}

// fetch is get for what is there.
func (s *source) fetch(ctx context.Context, allowed reach, u *url.URL, header http.Header) (*http.Response, error) {
	resp, err := s.get(ctx, allowed, u, header)
	var ours *storage.Error
	switch {
	case errors.As(err, &ours):
		return nil, err
	case err != nil:
		return nil, unverified(http.StatusNotFound, "The copy source %s cannot be reached: %s.", u.Host, reason(err))
	case resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent:
		return resp, nil
	}
	status := resp.StatusCode
	if status < 400 {
		status = http.StatusNotFound
	}
	return nil, unverified(status, "The copy source %s answered %s.", u.Host, resp.Status)
}

var errQuiet = errors.New("nothing came for a minute")

// steady is a body that has to keep coming.
type steady struct {
	io.ReadCloser
	quiet *time.Timer // ends the request
}

func (s *steady) Read(p []byte) (int, error) {
	s.quiet.Reset(fetchQuiet)
	defer s.quiet.Stop()
	return s.ReadCloser.Read(p)
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
