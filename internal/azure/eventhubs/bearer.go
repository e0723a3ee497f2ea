package eventhubs

import (
	"context"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// isBearerType reports whether the put-token type is a bearer token; the older
// spellings come from clients of the first AMQP generation.
func isBearerType(tokenType string) bool {
	return tokenType == "jwt" || tokenType == "servicebus.windows.net:jwt" || tokenType == "amqp:jwt"
}

// isSASType reports whether the put-token type is a shared access signature.
func isSASType(tokenType string) bool {
	return tokenType == "servicebus.windows.net:sastoken" || tokenType == "amqp:sastoken"
}

// verifyToken checks a token of either family. tokenType may be "" when the
// request does not say; the token's own form then decides.
func (s *Service) verifyToken(ctx context.Context, tokenType, token, audience string) (grant, error) {
	sas := isSASType(tokenType) || tokenType == "" && strings.HasPrefix(token, sasPrefix)
	switch {
	case !sas && tokenType != "" && !isBearerType(tokenType):
		return grant{}, fault.New(fault.Invalid, "",
			"The token type '%s' is not one of servicebus.windows.net:sastoken, jwt.", clip(tokenType))
	case token == "":
		return grant{}, fault.New(fault.Unauthorized, "", "InvalidToken: The token is empty.")
	case len(token) > maxTokenBytes:
		return grant{}, fault.New(fault.Unauthorized, "", "InvalidToken: The token is longer than %d bytes.", maxTokenBytes)
	case sas:
		return s.keys().verifySAS(token, audience, time.Now())
	}
	return s.verifyBearer(ctx, token, audience)
}

// verifyBearer checks a bearer token. What it grants is asked when it is used.
func (s *Service) verifyBearer(ctx context.Context, token, audience string) (grant, error) {
	b, err := s.cfg.Access.Verify(ctx, token)
	if err != nil {
		return grant{}, err
	}
	if !b.Expires.IsZero() && !time.Now().Before(b.Expires) {
		return grant{}, errExpired(b.Expires.UTC().Format(expiryLayout))
	}
	return grant{scope: resourcePath(audience), expires: b.Expires, name: b.Principal, may: b.May}, nil
}

// keys are the shared access policies as they are now.
func (s *Service) keys() keyring {
	rules, local := s.cfg.Access.Rules()
	return keyring{rules: rules, disabled: !local, elsewhere: s.cfg.Elsewhere}
}
