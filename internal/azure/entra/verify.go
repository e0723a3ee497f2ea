package entra

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
)

// Verify says who a token is and when it ends. audiences are what the caller
// may be called in aud; a slash at the end does not matter. The error is
// fault.Unauthorized, begins with a word that Azure's services use
// (InvalidAudience), and never repeats the token.
//
// Only RS256 by a key of ours is taken: the header's other ways to name a key
// (jwk, jku, x5u, x5c) are not read, and one that asks for an extension (crit)
// is refused. A token that was verified before costs a look into a map.
func (e *Issuer) Verify(token string, audiences []string) (identity.Caller, time.Time, error) {
	now := time.Now()
	v, known := e.verified.find(token, now)
	if !known {
		var err error
		if v, err = e.inspect(token); err != nil {
			return identity.Caller{}, time.Time{}, err
		}
		e.verified.add(token, v, now)
	}
	if !meant(v.audiences, audiences) {
		return identity.Caller{}, time.Time{}, denied("InvalidAudience", "the token is for %s; here tokens for %s are taken",
			clip(strings.Join(v.audiences, ", ")), strings.Join(audiences, ", "))
	}
	caller, exists := e.cfg.Identity.Caller(v.objectID)
	if !exists {
		return identity.Caller{}, time.Time{}, denied("InvalidToken", "the principal %s of the token is not in this project any more", v.objectID)
	}
	return caller, v.expires, nil
}

func denied(word, format string, args ...any) error {
	return fault.New(fault.Unauthorized, "", "%s: %s", word, fmt.Sprintf(format, args...))
}

// meant reports whether an audience of the token is one of those asked.
func meant(have, want []string) bool {
	for _, h := range have {
		for _, w := range want {
			if h != "" && strings.EqualFold(strings.TrimSuffix(h, "/"), strings.TrimSuffix(w, "/")) {
				return true
			}
		}
	}
	return false
}

// verdict is what a good token says.
type verdict struct {
	objectID  string
	audiences []string
	expires   time.Time
}

// accessClaims are those that are checked.
type accessClaims struct {
	jwt.RegisteredClaims
	ObjectID string `json:"oid"`
	Tenant   string `json:"tid"`
}

// inspect checks everything of a token but whom it is for.
func (e *Issuer) inspect(token string) (verdict, error) {
	if len(token) > maxToken {
		return verdict{}, denied("MalformedToken", "it has %d bytes; at most %d are read", len(token), maxToken)
	}
	var claims accessClaims
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(),
		jwt.WithLeeway(skew), jwt.WithStrictDecoding())
	if _, err := parser.ParseWithClaims(token, &claims, e.keyOf); err != nil {
		return verdict{}, reason(err, claims)
	}
	tenant := e.cfg.Identity.Tenant()
	host, ours := strings.CutPrefix(claims.Issuer, "https://")
	_, path, _ := strings.Cut(host, "/")
	switch {
	case !ours || path != tenant+"/" && path != tenant+"/v2.0":
		return verdict{}, denied("InvalidIssuer", "the token was issued by %s, which is not this project's issuer", clip(claims.Issuer))
	case claims.Tenant != tenant:
		return verdict{}, denied("InvalidIssuer", "the token is of the tenant %s; this project's is %s", clip(claims.Tenant), tenant)
	}
	return verdict{claims.ObjectID, claims.Audience, claims.ExpiresAt.Time}, nil
}

// keyOf finds the key that a token names.
func (e *Issuer) keyOf(t *jwt.Token) (any, error) {
	if _, asks := t.Header["crit"]; asks {
		return nil, errors.New("its header asks for extensions (crit)")
	}
	id, _ := t.Header["kid"].(string)
	k := e.keys.find(id)
	if k == nil {
		return nil, errUnknownKey
	}
	return k.private.Public(), nil
}

var errUnknownKey = errors.New("no key of this issuer has the token's kid")

// reason words why a token is not good.
func reason(err error, c accessClaims) error {
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return denied("ExpiredToken", "the token is expired. Expiration time: %s", c.ExpiresAt.UTC().Format(time.RFC3339))
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return denied("InvalidToken", "the token is not valid yet")
	case errors.Is(err, errUnknownKey):
		return denied("InvalidSignature", "the token is not signed by a key of this project's issuer")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return denied("InvalidSignature", "the token has an invalid signature, or one that is not RS256")
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return denied("InvalidToken", "the token does not say when it begins and ends")
	}
	return denied("MalformedToken", "the token is not a JSON Web Token")
}

// maxVerified bounds how many tokens each half of the cache remembers.
const maxVerified = 512

// tokens remembers good ones until they end. It is two halves: the young one
// becomes the old one when it is full, and what was not asked for since is
// forgotten. The zero value is empty.
type tokens struct {
	mu         sync.RWMutex // guards the maps
	young, old map[string]verdict
}

func (t *tokens) find(token string, now time.Time) (verdict, bool) {
	t.mu.RLock()
	v, ok := t.young[token]
	if ok {
		t.mu.RUnlock()
		return v, now.Before(v.expires)
	}
	v, ok = t.old[token]
	t.mu.RUnlock()
	if ok && now.Before(v.expires) {
		t.add(token, v, now)
		return v, true
	}
	return verdict{}, false
}

// add remembers a token, unless it has ended: one within the skew is looked at
// each time.
func (t *tokens) add(token string, v verdict, now time.Time) {
	if !now.Before(v.expires) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.young == nil || len(t.young) >= maxVerified {
		t.old, t.young = t.young, make(map[string]verdict, 16)
	}
	t.young[strings.Clone(token)] = v
}
