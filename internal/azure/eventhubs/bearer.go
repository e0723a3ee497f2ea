package eventhubs

import (
	"context"
	"net"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Bearer is what a verified bearer token (a JWT from Entra) allows.
type Bearer struct {
	Principal string    // who, for events and logs
	Rights    Rights    // from the principal's role assignments
	Expires   time.Time // zero: never
}

// VerifyBearer checks a bearer token for a resource ("sb://host/hub/…") and
// returns what it allows. It may wait, for instance for an issuer's keys. An
// error's text is sent to the client, so it must not contain the token.
type VerifyBearer func(ctx context.Context, token, audience string) (Bearer, error)

// bearerTypes are the put-token types that carry a bearer token; the older
// spelling comes from clients of the first AMQP generation.
func isBearerType(tokenType string) bool {
	return tokenType == "jwt" || tokenType == "servicebus.windows.net:jwt" || tokenType == "amqp:jwt"
}

// isSASType reports whether the put-token type is a shared access signature.
func isSASType(tokenType string) bool {
	return tokenType == "servicebus.windows.net:sastoken" || tokenType == "amqp:sastoken"
}

// refuseBearer is the verifier of a service that knows no issuer.
func refuseBearer(context.Context, string, string) (Bearer, error) {
	return Bearer{}, fault.New(fault.Unauthorized, "",
		"InvalidIssuer: Bearer tokens are not accepted here: no token issuer is configured. "+
			"Use a connection string, or set eventHubs.acceptAnyBearerToken for local development.")
}

// acceptAnyBearer trusts every bearer token as a manager. It is for
// conformance runs and local development; the service only uses it for peers
// on the loopback interface.
func acceptAnyBearer(_ context.Context, token, _ string) (Bearer, error) {
	if token == "" {
		return Bearer{}, fault.New(fault.Unauthorized, "", "InvalidToken: The bearer token is empty.")
	}
	return Bearer{Principal: "any-bearer", Rights: Manage}, nil
}

// onLoopback reports whether the peer is on this machine.
func onLoopback(addr net.Addr) bool {
	switch a := addr.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case nil:
		return false
	}
	return addr.Network() == "pipe" || addr.Network() == "unix"
}
