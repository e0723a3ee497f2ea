package storage

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Operation is what an operation of a service asks of who calls it: one row of the
// service's table. What a row does not name opens nothing but to the account's keys.
type Operation struct {
	Name string // for events and refusals
	// Permission are the letters of a SAS, any of which is enough: "wc" for Put Blob.
	// A grant tells which are there (Grant.Has), for operations that depend on what
	// exists already. "" opens it to no SAS.
	Permission string
	// AccountPermission takes Permission's place in a SAS of the account, where it
	// differs; "" where not.
	AccountPermission string
	// Every: all letters of Permission are needed, as for an upsert of an entity.
	Every bool
	// Level is what the operation is about, by the letter of an account SAS: Service,
	// Container or Object.
	Level Level
	// AccountOnly: a SAS of the service opens it never, only one of the account.
	AccountOnly bool
	// Actions are the data actions of roles: any of them is enough, and one that has
	// several parts, joined by " and ", needs all of these.
	Actions []string
	// Public is the access level of a container that opens the operation to anybody:
	// PublicBlob, PublicContainer (for list and properties), "" never.
	Public string
	// Writes: the secondary refuses it.
	Writes bool
}

// Level is what an operation is about.
type Level byte

// The levels, by the letters of srt.
const (
	ServiceLevel   Level = 's'
	ContainerLevel Level = 'c' // containers, queues, tables
	ObjectLevel    Level = 'o' // blobs, messages, entities
)

// Target is what a request is about.
type Target struct {
	Container string // container, queue or table; "" the service
	Blob      string
	Snapshot  string // of the blob, as it is in the query
	Version   string // likewise
}

// Grant is what a caller may do, beyond that the operation is let through.
type Grant struct {
	// SAS: only Permissions are granted, letters as in sp. Otherwise all.
	SAS         bool
	Permissions string
	// Principal and Tenant are of a token's bearer; "" for keys, SAS and anonymous.
	Principal, Tenant string
	// Token: a bearer token was shown.
	Token bool
	// Anonymous: nothing was shown; the container is public.
	Anonymous bool
	// Reply are headers that a SAS puts into the place of a blob's own: Cache-Control,
	// Content-Disposition, Content-Encoding, Content-Language, Content-Type.
	Reply []Element
	// Keys bounds the entities that a SAS of a table opens.
	Keys KeyRange
	// EncryptionScope is what a SAS says about it (ses).
	EncryptionScope string
}

// Has reports whether the caller has a permission. Without a SAS there is nothing to
// ask: the operation was authorized as a whole.
func (g *Grant) Has(permission byte) bool {
	return !g.SAS || strings.IndexByte(g.Permissions, permission) >= 0
}

// KeyRange is the range of entities from (StartPartition, StartRow) to (EndPartition,
// EndRow), both included; a nil bound is none, and rows count only with their
// partition.
type KeyRange struct {
	StartPartition, StartRow, EndPartition, EndRow *string
}

// Contains reports whether the range has the entity.
func (k KeyRange) Contains(partition, row string) bool {
	if p := k.StartPartition; p != nil && (partition < *p || partition == *p && k.StartRow != nil && row < *k.StartRow) {
		return false
	}
	if p := k.EndPartition; p != nil && (partition > *p || partition == *p && k.EndRow != nil && row > *k.EndRow) {
		return false
	}
	return true
}

// Open reports whether the range has every entity.
func (k KeyRange) Open() bool { return k.StartPartition == nil && k.EndPartition == nil }

// Authorize is nil when the caller may do the operation on the target.
func (e *Endpoint) Authorize(r *Request, op *Operation, t Target) (Grant, error) {
	g, err := e.grant(r, op, t)
	if err == nil && r.Secondary && op.Writes {
		return Grant{}, Fail("InsufficientAccountPermissions").With("Reason", "The secondary endpoint is for reading.")
	}
	return g, err
}

func (e *Endpoint) grant(r *Request, op *Operation, t Target) (Grant, error) {
	keys := e.currentKeys()
	authorization := r.Header("Authorization")
	if authorization != "" && !(r.Query.Has("sig") && r.Query.Has("sduoid")) {
		return e.byHeader(keys, r, op, t, authorization)
	}
	if r.Query.Has("sig") {
		return e.bySAS(keys, r, op, t)
	}
	return e.anonymous(keys, r, op, t)
}

// maxAuthorization bounds the header; a JWT with many groups stays far below it.
const maxAuthorization = 16 << 10

func (e *Endpoint) byHeader(keys *keySet, r *Request, op *Operation, t Target, authorization string) (Grant, error) {
	scheme, credential, _ := strings.Cut(authorization, " ")
	switch {
	case len(authorization) > maxAuthorization:
	case strings.EqualFold(scheme, "SharedKey"):
		return Grant{}, e.checkSharedKey(keys, r, false, credential)
	case strings.EqualFold(scheme, "SharedKeyLite"):
		return Grant{}, e.checkSharedKey(keys, r, true, credential)
	case strings.EqualFold(scheme, "Bearer"):
		return e.byToken(r, op, t, strings.TrimSpace(credential))
	}
	return Grant{}, Fail("InvalidAuthenticationInfo")
}

// anonymous lets anybody do what the container's level allows.
func (e *Endpoint) anonymous(keys *keySet, r *Request, op *Operation, t Target) (Grant, error) {
	if op.Public == "" || e.public == nil || t.Container == "" {
		return Grant{}, e.challenge("NoAuthenticationInformation")
	}
	level, err := e.public(r.HTTP.Context(), t.Container)
	if fault.Is(err, fault.NotFound) {
		return Grant{}, e.challenge("NoAuthenticationInformation") // nobody learns what exists
	}
	if err != nil {
		return Grant{}, err
	}
	if level != op.Public && level != PublicContainer {
		return Grant{}, e.challenge("NoAuthenticationInformation")
	}
	if keys.of.NoPublic {
		return Grant{}, Fail("PublicAccessNotPermitted")
	}
	return Grant{Anonymous: true}, nil
}
