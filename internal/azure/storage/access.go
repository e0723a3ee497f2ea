package storage

import (
	"context"
	"time"
)

// Access decides who may do what in the account. Its answers may change at any
// time and count from the next request on: no request outlives its own answer.
type Access interface {
	// Keys are the account's keys as they are now. It is asked for each request.
	Keys() Keys
	// Verify checks a bearer token, a JWT from Entra: signature, issuer, audience and
	// times. An error's text goes to the client, so it must not contain the token.
	Verify(ctx context.Context, token string) (Bearer, error)
	// Delegated is who a user delegation SAS speaks for: the principal that got its
	// key, by object id and tenant. fault.Unauthorized when there is none any more.
	Delegated(ctx context.Context, principal, tenant string) (Bearer, error)
}

// Keys are the keys of an account in base64, as connection strings carry them. An
// empty one does not exist.
type Keys struct {
	Primary, Secondary string
	// Disabled: shared keys, and SAS that are signed with them, open nothing (Azure:
	// allowSharedKeyAccess false).
	Disabled bool
	// Delegation is the secret that user delegation keys derive from; a new one ends
	// all of them.
	Delegation string
	// NoPublic: no container lets anybody in, whatever its level says (Azure:
	// allowBlobPublicAccess false).
	NoPublic bool
}

// Bearer is who a verified bearer token speaks for.
type Bearer struct {
	Principal string    // the object id
	Tenant    string    // the directory's id
	Expires   time.Time // zero: never
	// May is nil when the principal may do a data action
	// (Microsoft.Storage/storageAccounts/blobServices/…) on a path:
	// /blobServices/default/containers/C, /queueServices/default/queues/Q,
	// /tableServices/default/tables/T, "" for the account. An error that is not a
	// fault.Forbidden says that nobody knows.
	May func(action, path string) error
}
