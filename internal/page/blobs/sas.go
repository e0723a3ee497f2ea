package blobs

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Signature is what a SAS of a container or of a blob allows, and how long.
type Signature struct {
	objectstore.Address
	Permissions string // letters in the order of the service
	Start       time.Time
	Expiry      time.Time
	IP          string // an address, or two with a hyphen; "" from everywhere
	HTTPS       bool   // over TLS only
}

// Sign asks for a SAS.
type Sign struct {
	Permissions string `json:"permissions"` // of racwdxltmeopi
	Start       int64  `json:"start"`       // unix milliseconds; 0: now
	Expiry      int64  `json:"expiry"`      // unix milliseconds
	IP          string `json:"ip"`
	HTTPS       bool   `json:"https"`
}

// Signed is a SAS.
type Signed struct {
	URL   string `json:"url"`
	Query string `json:"query"` // of it
}

// The letters of permissions, in the order in which Azure wants them.
const (
	blobLetters      = "racwdxytmei"
	containerLetters = "racwdxyltfmei"
)

// longest is how long a SAS may be good for: ten years.
const longest = 10 * 366 * 24 * time.Hour

func (p *page) signContainer(w http.ResponseWriter, r *http.Request) error {
	return p.sign(w, r, p.container, containerLetters)
}

// signBlob serves POST …/blob/sas?name=….
func (p *page) signBlob(w http.ResponseWriter, r *http.Request) error {
	return p.sign(w, r, p.blob, blobLetters)
}

func (p *page) sign(w http.ResponseWriter, r *http.Request, find func(*http.Request) (target, error), letters string) error {
	t, ask, err := ordered[Sign](w, r, find)
	if err != nil {
		return err
	}
	s, err := ask.signature(letters)
	if err != nil {
		return err
	}
	s.Address = t.Address
	query, err := p.Sign(t.Account, s)
	switch { // which of its states it is for, the address says
	case t.Snapshot != "":
		query = "snapshot=" + url.QueryEscape(t.Snapshot) + "&" + query
	case t.Version != "":
		query = "versionid=" + url.QueryEscape(t.Version) + "&" + query
	}
	return told(w, http.StatusOK, Signed{t.url() + "?" + query, query}, err)
}

// signature checks what is asked for.
func (a *Sign) signature(letters string) (s Signature, err error) {
	for _, c := range letters { // in their order
		if strings.ContainsRune(a.Permissions, c) {
			s.Permissions += string(c)
		}
	}
	s.Expiry, s.IP, s.HTTPS = time.UnixMilli(a.Expiry), a.IP, a.HTTPS
	if a.Start != 0 {
		s.Start = time.UnixMilli(a.Start)
	}
	left := time.Until(s.Expiry)
	first, last, two := strings.Cut(a.IP, "-")
	switch {
	case s.Permissions == "" || len(s.Permissions) != len(a.Permissions):
		return s, fault.New(fault.Invalid, "permissions", "%q; it can be letters of %s, each once", a.Permissions, letters)
	case left <= 0 || left > longest:
		return s, fault.New(fault.Invalid, "expiry", "it must lie ahead, and at most ten years")
	case a.IP != "" && (!isIP(first) || two && !isIP(last)):
		return s, fault.New(fault.Invalid, "ip", "%q is neither an IP address nor two with a hyphen between", a.IP)
	}
	return s, nil
}

func isIP(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}
