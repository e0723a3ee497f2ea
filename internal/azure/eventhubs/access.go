package eventhubs

import (
	"context"
	"time"
)

// Access decides who may do what in the namespace. Its answers may change at
// any time; what was allowed by them is looked at anew when they do. It is asked
// from many goroutines, and while locks are held: it must not call the service.
type Access interface {
	// Rules are the shared access policies as they are now. With localAuth false
	// (Azure: disableLocalAuth) no key and no signature made by one counts.
	Rules() (rules []Rule, localAuth bool)
	// Verify checks a bearer token, a JWT: signature, issuer, audience and times.
	// It may wait, for instance for an issuer's keys. An error's text goes to the
	// client, so it must not contain the token; it begins with one of the
	// service's words (InvalidIssuer, InvalidAudience, InvalidSignature,
	// ExpiredToken, InvalidToken), by which people search.
	Verify(ctx context.Context, token string) (Bearer, error)
	// Changed is closed at the next change of rules, of localAuth or of what
	// some bearer may do.
	Changed() <-chan struct{}
}

// Bearer is who a verified bearer token speaks for.
type Bearer struct {
	Principal string    // for events and logs
	Expires   time.Time // zero: never
	// May is nil when the principal may Listen or Send on a hub (its name in
	// lower case), or on the whole namespace (""). For Listen|Send either
	// suffices: it reads properties. May is asked whenever a link is attached,
	// properties are read, and for live links when Access has changed. An error's
	// text goes to the client: it names the principal, the action and the scope.
	May func(right Rights, path string) error
}
