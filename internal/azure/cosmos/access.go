package cosmos

import (
	"context"
	"time"
)

// Access decides who may do what in the account. Its answers may change at any
// time and count from the next request on: no request outlives its own answer.
type Access interface {
	// Keys are the account's keys as they are now. It is asked for each request.
	Keys() Keys
	// Verify checks a bearer token, a JWT from Entra: signature, issuer, audience
	// and times. An error's text goes to the client, so it must not contain the
	// token.
	Verify(ctx context.Context, token string) (Bearer, error)
}

// Keys are the keys of an account in base64, as connection strings carry them.
// An empty one does not exist.
type Keys struct {
	Primary, Secondary string // may do everything
	// The read-only pair may read and query.
	PrimaryReadOnly, SecondaryReadOnly string
	// Disabled: local authentication is off (Azure: disableLocalAuth), so that no
	// key counts.
	Disabled bool
}

// Bearer is who a verified bearer token speaks for.
type Bearer struct {
	Principal string    // the object id, which refusals name
	Expires   time.Time // zero: never
	// May is nil when the principal may do a data action
	// (Microsoft.DocumentDB/databaseAccounts/…) on a path: /dbs/D/colls/C, /dbs/D,
	// "" for the account, or AnyScope. An error that is not a fault.Forbidden says that
	// nobody knows.
	May func(action, path string) error
}

// AnyScope is the path of what a principal may do who may do it on anything in the
// account: read the account's description, which every client does first.
const AnyScope = "*"
