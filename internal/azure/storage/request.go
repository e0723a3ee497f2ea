package storage

import (
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Service is one of the three services of an account, by the letter that a SAS has
// for it.
type Service byte

// The services.
const (
	Blob  Service = 'b'
	Queue Service = 'q'
	Table Service = 't'
)

// String is the service's name in addresses: blob, queue, table.
func (s Service) String() string {
	switch s {
	case Queue:
		return "queue"
	case Table:
		return "table"
	}
	return "blob"
}

// server is what the header Server says.
func (s Service) server() string {
	title := map[Service]string{Blob: "Blob", Queue: "Queue", Table: "Table"}[s]
	return "Windows-Azure-" + title + "/1.0 Microsoft-HTTPAPI/2.0"
}

// Request is a request to a service as it came. Nothing in it is cleaned, because
// clients sign the bytes they send.
type Request struct {
	HTTP    *http.Request
	ID      string    // x-ms-request-id of the reply
	Start   time.Time // when it was begun
	Version string    // x-ms-version, echoed
	Query   Query
	// Secondary: the request went to NAME-secondary, where only reading is possible.
	Secondary bool
	// HostStyle: the account is in the host's name, not in the path.
	HostStyle bool
	// Path is what follows the account, encoded as on the wire, and begins with a
	// slash: /container/a%20blob.
	Path string
	// Base is the address of the service as the client knows it, without a final
	// slash: http://127.0.0.1:10000/devstoreaccount1.
	Base string

	signed  string // the whole path, which clients sign
	exposed string // of the CORS rule that let the page in
}

// LogID names the request in the log. A nil Request, one that could not be read, has
// none.
func (r *Request) LogID() slog.Attr {
	if r == nil {
		return slog.String("request_id", "")
	}
	return slog.String("request_id", r.ID)
}

// Method is the HTTP method.
func (r *Request) Method() string { return r.HTTP.Method }

// Header is a header by its canonical name (X-Ms-Range); values of a name that came
// twice are joined by commas.
func (r *Request) Header(name string) string {
	v := r.HTTP.Header[name]
	switch len(v) {
	case 0:
		return ""
	case 1:
		return v[0]
	}
	return strings.Join(v, ",")
}

// HasHeader reports whether a header is there, by its canonical name.
func (r *Request) HasHeader(name string) bool { return len(r.HTTP.Header[name]) > 0 }

// Names splits the path at its second slash and decodes both parts: container and
// blob, queue and what is asked of it. Of /container alone, rest is "" and so is it of
// /container/.
func (r *Request) Names() (first, rest string, err error) {
	a, b, _ := strings.Cut(r.Path[1:], "/")
	first, ok := unescape(a, false)
	rest, fine := unescape(b, false)
	if !ok || !fine {
		return "", "", Fail("InvalidUri")
	}
	return first, rest, nil
}

// Secure reports whether the request came by TLS.
func (r *Request) Secure() bool { return r.HTTP.TLS != nil }

// newRequest reads what all operations need. A request that cannot be read is
// returned with the error, good enough to answer it.
func newRequest(h *http.Request, account string, now time.Time) (*Request, error) {
	answers(h)
	r := &Request{HTTP: h, ID: uuid.New(), Start: now, Path: "/"}
	path, query, _ := strings.Cut(originForm(h.RequestURI), "?")
	r.signed = path
	if path == "" || path[0] != '/' {
		return r, Fail("InvalidUri")
	}
	if !r.locate(account, path) {
		return r, Fail("ResourceNotFound").With("Reason",
			"The account "+account+" is neither the first segment of the path nor the first label of the host.")
	}
	var err error
	r.Query, err = parseQuery(query)
	return r, err
}

// originForm cuts scheme and authority from what is sent to proxies.
func originForm(uri string) string {
	if uri == "" || uri[0] == '/' {
		return uri
	}
	_, rest, found := strings.Cut(uri, "://")
	if !found {
		return uri
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest = rest[i:]
		if rest[0] == '?' {
			rest = "/" + rest
		}
		return rest
	}
	return "/"
}

// locate finds the account in the host or in the path. Hosts with dots are those of
// container networks too, so that only the account's own name counts.
func (r *Request) locate(account, path string) bool {
	scheme := "http://"
	if r.Secure() {
		scheme = "https://"
	}
	label, _, more := strings.Cut(hostName(r.HTTP.Host), ".")
	if more && r.isAccount(label, account) {
		r.HostStyle, r.Path, r.Base = true, path, scheme+r.HTTP.Host
		return true
	}
	segment, rest, _ := strings.Cut(path[1:], "/")
	if !r.isAccount(segment, account) {
		return false
	}
	r.Path, r.Base = "/"+rest, scheme+r.HTTP.Host+"/"+segment
	return true
}

const secondarySuffix = "-secondary"

func (r *Request) isAccount(name, account string) bool {
	if strings.EqualFold(name, account) {
		return true
	}
	n := len(name) - len(secondarySuffix)
	r.Secondary = n >= 0 && strings.EqualFold(name[:n], account) && strings.EqualFold(name[n:], secondarySuffix)
	return r.Secondary
}

func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}
