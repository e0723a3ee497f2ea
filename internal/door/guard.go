package door

import (
	"encoding/json"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// web is what all HTTP requests of a port go through.
//
// A browser that was lured elsewhere can still reach this machine, in two ways:
//
//   - A page of another site sends a request here. It cannot read the answer,
//     but a POST would have its effect: requests with an unsafe method whose
//     Sec-Fetch-Site or Origin says that they come from elsewhere are refused,
//     unless the handler lets that origin in. Programs send neither header. A
//     WebSocket is as unsafe: no rule of browsers keeps a page from writing into
//     one to anywhere, and from reading what comes.
//   - A name of another site resolves to this machine (DNS rebinding). Then the
//     browser thinks that it is the same origin; its Host header still carries
//     the foreign name, so only our own names pass, whatever the method.
type web struct{ port *port }

func (d web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = d.port.fromOrigin(r)
	account, barred := d.port.set.o.Names.resolve(r.Host, d.port.Account)
	var h http.Handler
	route := d.port.set.routes[account.Type]
	if route.InPath != nil && barred == nil && !d.port.set.o.Names.names(r.Host, account.Type) {
		account = route.InPath(account, r)
	}
	if route.HTTP != nil {
		h = route.HTTP(account)
	}
	if h != nil && barred == nil {
		barred = d.port.restricted(route, account, nil, r)
	}
	switch {
	case h == nil:
		refuse(nil, w, r, fault.New(fault.NotFound, account.Name, "nothing answers here"))
	case barred != nil:
		refuse(h, w, r, barred)
	case d.foreign(h, r):
		refuse(h, w, r, fault.New(fault.Forbidden, "", "a page of another origin may not change anything here"))
	default:
		serveTimed(h, w, r)
	}
}

// foreign reports whether a page of an origin that h does not let in wants to
// change something.
func (d web) foreign(h http.Handler, r *http.Request) bool {
	judged := r
	if r.Header["Upgrade"] != nil {
		upgrade := *r
		upgrade.Method = http.MethodPost // a GET by its name only
		judged = &upgrade
	}
	if d.port.origins.Check(judged) == nil {
		return false
	}
	open, ok := h.(OriginAllower)
	return !ok || !open.AllowsOrigin(r)
}

// refuse answers in the handler's own shape.
func refuse(h http.Handler, w http.ResponseWriter, r *http.Request, err error) {
	if own, ok := h.(Refuser); ok {
		own.Refuse(w, r, err)
		return
	}
	code := http.StatusForbidden
	if fault.Is(err, fault.NotFound) {
		code = http.StatusNotFound
	}
	text, _ := json.Marshal(map[string]string{"error": err.Error()}) // of a map of strings: cannot fail
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(append(text, '\n')) // the client may be gone
}
