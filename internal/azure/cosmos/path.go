package cosmos

import (
	"net/url"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// kind is a type of resource, as the path and the signature name it.
type kind uint8

const (
	kindAccount kind = iota
	kindDatabase
	kindContainer
	kindItem
	kindRange
	kindOffer
	kindSproc
	kindTrigger
	kindUDF
	kindConflict
	kindUser
	kindPermission
	kindEncryptionKey
	kindOperation // an operation on a container that has a path of its own
	kindAddresses // the direct mode's look-up; always refused
	kindCount
)

// kindNames are the path segments, which are also the resource types of the
// string to sign (Azure: "Access control on Cosmos DB resources").
var kindNames = [kindCount]string{
	kindAccount:       "",
	kindDatabase:      "dbs",
	kindContainer:     "colls",
	kindItem:          "docs",
	kindRange:         "pkranges",
	kindOffer:         "offers",
	kindSproc:         "sprocs",
	kindTrigger:       "triggers",
	kindUDF:           "udfs",
	kindConflict:      "conflicts",
	kindUser:          "users",
	kindPermission:    "permissions",
	kindEncryptionKey: "clientencryptionkeys",
	kindOperation:     "operations",
	kindAddresses:     "addresses",
}

// address is a parsed request path.
//
//	/dbs/{db}/colls/{coll}/docs/{id}   kind=docs item=true
//	/dbs/{db}/colls/{coll}/docs        kind=docs item=false (a feed, or the parent of a POST)
//	/dbs/{db}/colls/{coll}/operations/{id}   signed as the container it works on
type address struct {
	kind kind
	item bool   // the path names one resource rather than a feed
	db   string // name or _rid; "" outside a database
	coll string // name or _rid; "" outside a container
	id   string // the last segment's name when it is below a database or container, or an offer's _rid

	link    string // resource link to sign, names decoded once
	rawLink string // the same as it came, for clients that sign what they send
}

// maxPathBytes bounds a request path: three names of 1023 bytes, percent-encoded.
const maxPathBytes = 12 << 10

// parsePath reads an escaped URL path. Leading and trailing slashes may occur
// any number of times: SDKs join links carelessly. Names are percent-decoded
// exactly once.
func parsePath(escaped string) (address, error) {
	if len(escaped) > maxPathBytes {
		return address{}, badRequest(subNone, "The request path is longer than %d bytes.", maxPathBytes)
	}
	raw := strings.Trim(escaped, "/")
	if raw == "" {
		return address{}, nil
	}
	var a address
	rest := raw
	var parent int // length of the parent's link within raw
	for {
		var name string
		consumed := len(raw) - len(rest)
		name, rest, _ = strings.Cut(rest, "/")
		k, ok := childKind(a.kind, name)
		if !ok {
			return address{}, badRequest(subNone, "The path '%s' names no resource: '%s' is not expected there.", clip(raw, 200), clip(name, 60))
		}
		a.kind, a.item, parent = k, false, max(consumed-1, 0)
		if rest == "" {
			break
		}
		var seg string
		seg, rest, _ = strings.Cut(rest, "/")
		id, err := url.PathUnescape(seg)
		if err != nil || id == "" {
			return address{}, badRequest(subNone, "The segment '%s' of the path is no percent-encoded name.", clip(seg, 60))
		}
		a.item = true
		switch k {
		case kindDatabase:
			a.db = id
		case kindContainer:
			a.coll = id
		default:
			a.id = id
		}
		if rest == "" {
			break
		}
	}
	a.rawLink = raw
	if !a.item || a.kind == kindOperation {
		a.rawLink = raw[:parent]
	}
	if a.kind == kindOffer && a.item {
		a.rawLink = a.id // an offer is signed by its _rid alone
	}
	a.link = a.rawLink
	if strings.IndexByte(a.rawLink, '%') >= 0 {
		if decoded, err := url.PathUnescape(a.rawLink); err == nil {
			a.link = decoded
		}
	}
	return a, nil
}

// signedType is the resource type of the string to sign.
func (a *address) signedType() string {
	if a.kind == kindOperation {
		return kindNames[kindContainer]
	}
	return kindNames[a.kind]
}

// signedRID is what a path of _rids is signed by: the _rid of the resource, or
// for a feed that of its owner, without the rest of the path. It is "" for a
// path of names, which the database's segment tells (.NET: PathsHelper,
// ResourceId; Java: BaseAuthorizationTokenProvider).
func (a *address) signedRID() string {
	if rid, err := docstore.ParseRID(a.db); err != nil || rid.Container != 0 {
		return ""
	}
	return a.link[strings.LastIndexByte(a.link, '/')+1:]
}

// childKind is the grammar of paths: which segment may follow which resource.
func childKind(parent kind, segment string) (kind, bool) {
	var allowed []kind
	switch parent {
	case kindAccount:
		allowed = rootKinds
	case kindDatabase:
		allowed = databaseKinds
	case kindContainer:
		allowed = containerKinds
	case kindUser:
		allowed = userKinds
	}
	for _, k := range allowed {
		if kindNames[k] == segment {
			return k, true
		}
	}
	return 0, false
}

var (
	rootKinds      = []kind{kindDatabase, kindOffer, kindAddresses}
	databaseKinds  = []kind{kindContainer, kindUser, kindEncryptionKey}
	containerKinds = []kind{kindItem, kindRange, kindSproc, kindTrigger, kindUDF, kindConflict, kindOperation}
	userKinds      = []kind{kindPermission}
)

// checkStrictID rejects the item names that Azure's routing gateway cannot
// address, with its statuses: control characters are bad requests, and names
// that it decodes or trims differently from the client fail the signature.
// The compute gateway, and Lazuli unless StrictGateway is set, take them all.
func checkStrictID(id string) error {
	if strings.ContainsAny(id, "\r\n\t") {
		return badRequest(subNone, "The item id in the path contains a control character.")
	}
	if strings.HasSuffix(id, " ") || strings.ContainsAny(id, `%/\#`) {
		return unauthorized("The input authorization token can't serve the request. The item id in the path contains characters that the gateway decodes differently: a trailing blank, '%%', '/', '\\' or '#'.")
	}
	return nil
}
