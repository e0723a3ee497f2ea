package storage

import (
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// BlobSAS is a shared access signature of the service, for a container or a blob, as
// NewBlobSAS makes it (Azure: "Create a service SAS").
type BlobSAS struct {
	Container, Blob   string // without a blob it is the container's
	Snapshot, Version string
	Permissions       string
	Start, Expiry     time.Time // zero Start: from the beginning
	IP                string    // "" from everywhere
	HTTPS             bool      // over TLS only
}

// sasVersion is the version by whose rules NewBlobSAS signs.
const sasVersion = "2021-12-02"

// NewBlobSAS signs with the first key of the account there is and returns the query,
// without what names a snapshot or version. fault.Forbidden where keys open nothing.
func NewBlobSAS(keys Keys, account string, s BlobSAS) (string, error) {
	set := newKeySet(keys)
	if keys.Disabled || len(set.keys) == 0 {
		return "", fault.New(fault.Forbidden, "account "+account, "its keys, and what they signed, open nothing (allowSharedKeyAccess is false)")
	}
	kind, moment, path := "b", "", "/blob/"+account+"/"+s.Container
	switch {
	case s.Blob == "":
		kind = "c"
	case s.Snapshot != "":
		kind, moment = "bs", s.Snapshot
	case s.Version != "":
		kind, moment = "bv", s.Version
	}
	if s.Blob != "" {
		path += "/" + s.Blob
	}
	protocol := "https,http"
	if s.HTTPS {
		protocol = "https"
	}
	start := ""
	if !s.Start.IsZero() {
		start = s.Start.UTC().Format(time.RFC3339)
	}
	expiry := s.Expiry.UTC().Format(time.RFC3339)
	text := strings.Join([]string{
		s.Permissions, start, expiry, path, "", s.IP, protocol, sasVersion, kind, moment, "", "", "", "", "", "",
	}, "\n")
	q := url.Values{
		"sv": {sasVersion}, "sr": {kind}, "sp": {s.Permissions}, "se": {expiry}, "spr": {protocol},
		"sig": {base64.StdEncoding.EncodeToString(set.keys[0].Sign([]byte(text)))},
	}
	if start != "" {
		q.Set("st", start)
	}
	if s.IP != "" {
		q.Set("sip", s.IP)
	}
	return q.Encode(), nil
}
