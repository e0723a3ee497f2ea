package door

import (
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/restriction"
)

// restricted says why whoever asks may not reach the account, or nil. request is
// nil for a connection that is none of HTTP.
func (p *port) restricted(route Route, a resource.Account, remote net.Addr, request *http.Request) error {
	if route.Restrict == nil {
		return nil
	}
	path := ""
	if request != nil {
		path = request.URL.Path
	}
	rules := route.Restrict(a, path)
	if rules.Open() {
		return nil
	}
	v := restriction.Visit{From: addressOf(remote, request), Private: p.private}
	if request != nil {
		v.Header = request.Header
	}
	allowed, rule := rules.Allows(v)
	if allowed {
		return nil
	}
	p.keptOut(a, v, rule)
	if route.Denied == nil {
		return fault.New(fault.Forbidden, a.Name, "%s may not come in", v.From)
	}
	return route.Denied(a, v)
}

// fromOrigin is the request with RemoteAddr as the address of whoever asks, past
// proxies that are trusted, so that restrictions, logs and whoever counts callers
// mean the same one. Its port, which no proxy tells, is 0.
func (p *port) fromOrigin(r *http.Request) *http.Request {
	forwarded := r.Header["X-Forwarded-For"]
	if len(p.set.o.Trusted) == 0 || forwarded == nil {
		return r
	}
	peer := addressOf(nil, r)
	origin := restriction.Origin(peer, forwarded, p.set.o.Trusted)
	if origin == peer {
		return r
	}
	told := *r
	told.RemoteAddr = netip.AddrPortFrom(origin.WithZone(""), 0).String()
	return &told
}

// keptOut logs who is kept out, at most once a second: whoever it is can come as
// often as he likes.
func (p *port) keptOut(a resource.Account, v restriction.Visit, rule string) {
	now := time.Now().UnixMilli()
	last := p.kept.Load()
	if now-last < 1000 || !p.kept.CompareAndSwap(last, now) {
		return
	}
	p.Log.Warn("kept out by an access restriction", "account", a.Name, "from", v.From.String(), "rule", rule)
}

// addressOf is the peer's address; the zero address, which is in no range, when
// it has none.
func addressOf(remote net.Addr, request *http.Request) netip.Addr {
	text := ""
	switch {
	case request != nil:
		text = request.RemoteAddr
	case remote != nil:
		text = remote.String()
	}
	at, err := netip.ParseAddrPort(text)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}
