package host

import (
	"net"
	"net/url"
	"strings"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// Web is the request that an HTTP function was given, as telemetry shows it.
type Web struct {
	Method string
	URL    string // without its query, which may hold keys
	IP     string // of the client, or ""
}

// Web is the request of an HTTP function; false for others.
func (i Input) Web() (Web, bool) {
	if i.leg != nil {
		r := i.leg.request
		at := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path}
		ip := first(r.Header.Get("X-Forwarded-For"))
		if ip == "" {
			ip = r.RemoteAddr
		}
		return Web{r.Method, at.String(), withoutPort(ip)}, true
	}
	d, ok := i.data.GetData().(*funcrpc.TypedData_Http)
	if !ok {
		return Web{}, false
	}
	at, _, _ := strings.Cut(d.Http.GetUrl(), "?")
	w := Web{Method: d.Http.GetMethod(), URL: at}
	for name, v := range d.Http.GetHeaders() {
		if strings.EqualFold(name, "x-forwarded-for") {
			w.IP = withoutPort(first(v))
		}
	}
	return w, true
}

func first(list string) string {
	one, _, _ := strings.Cut(list, ",")
	return strings.TrimSpace(one)
}

func withoutPort(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}
