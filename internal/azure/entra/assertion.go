package entra

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lazuli-dev/lazuli/internal/identity"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// methods are the signatures of assertions that are taken. Each fits one type
// of key, so no key can be taken for another's.
var methods = []string{"RS256", "PS256", "ES256"}

// checkAssertion checks a JWT that stands for a secret (RFC 7523, 2.2): one that
// the application signed itself, with the key of its certificate, or a token of
// another issuer that the project trusts for it.
func checkAssertion(r *http.Request, p identity.Principal, c Credentials, assertion string) *refusal {
	if r.PostForm.Get("client_assertion_type") != assertionType {
		return refuse("invalid_request", 900144, "The request body must contain the following parameter: 'client_assertion_type' with the value %s.", assertionType)
	}
	if len(assertion) > maxToken {
		return badAssertion(fmt.Sprintf("it has %d bytes; at most %d are read", len(assertion), maxToken))
	}
	var claims jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(assertion, &claims); err != nil {
		return badAssertion("it is not a JSON Web Token")
	}
	if strings.EqualFold(claims.Issuer, p.AppID) {
		return checkOwn(r, p, c, assertion)
	}
	return checkFederated(p, c, assertion, claims)
}

func badAssertion(why string) *refusal {
	return refuse("invalid_client", 50027, "JWT token is invalid or malformed: %s.", why)
}

// checkOwn checks an assertion of the application's own: iss and sub are its
// client id, aud is where it is sent to.
func checkOwn(r *http.Request, p identity.Principal, c Credentials, assertion string) *refusal {
	if c.Certificate == nil {
		return refuse("invalid_client", 700027, "The application '%s' has no certificate. Name its PEM file in identity.applications.%s.certificate.", p.AppID, p.Plain())
	}
	claims, f := verifyAssertion(assertion, func(*jwt.Token) (any, error) { return c.Certificate.PublicKey, nil })
	switch {
	case f != nil:
		return f
	case !strings.EqualFold(claims.Subject, p.AppID):
		return refuse("invalid_client", 700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
	case !slices.ContainsFunc(claims.Audience, func(aud string) bool { return isTokenURL(aud, r.Host) }):
		return refuse("invalid_client", 700023, "Client assertion audience claim does not match this issuer: it must be the URL of its token endpoint.")
	}
	return nil
}

// isTokenURL reports whether an assertion is meant for the issuer at a host.
func isTokenURL(aud, host string) bool {
	u, err := url.Parse(aud)
	return err == nil && u.Scheme == "https" && strings.EqualFold(u.Host, host)
}

// checkFederated checks another issuer's token. Issuer, subject and audience are
// those of the project file, letter by letter.
func checkFederated(p identity.Principal, c Credentials, assertion string, said jwt.RegisteredClaims) *refusal {
	issuer, subject := false, false
	for _, f := range c.Federated {
		if f.Issuer != said.Issuer {
			continue
		}
		issuer = true
		if f.Subject != said.Subject {
			continue
		}
		if subject = true; !slices.Contains(said.Audience, f.Audience) {
			continue
		}
		_, refused := verifyAssertion(assertion, func(t *jwt.Token) (any, error) { return federatedKey(f, t) })
		return refused
	}
	const none = "No matching federated identity record found for presented assertion %s '%s'. Check identity.applications.%s.federated in lazuli.yaml."
	switch {
	case !issuer:
		return refuse("invalid_client", 700211, none, "issuer", clip(said.Issuer), p.Plain())
	case !subject:
		return refuse("invalid_client", 700213, none, "subject", clip(said.Subject), p.Plain())
	}
	return refuse("invalid_client", 700212, none, "audience", clip(strings.Join(said.Audience, ", ")), p.Plain())
}

func verifyAssertion(assertion string, key jwt.Keyfunc) (*jwt.RegisteredClaims, *refusal) {
	claims := &jwt.RegisteredClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods(methods), jwt.WithExpirationRequired(), jwt.WithLeeway(skew), jwt.WithStrictDecoding())
	_, err := parser.ParseWithClaims(assertion, claims, func(t *jwt.Token) (any, error) {
		if _, asks := t.Header["crit"]; asks {
			return nil, errors.New("its header asks for extensions (crit)")
		}
		return key(t)
	})
	switch {
	case err == nil:
		return claims, nil
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return nil, refuse("invalid_client", 700024, "Client assertion is not within its valid time range.")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return nil, refuse("invalid_client", 700027, "Client assertion failed signature validation: the key is not the one that is known, or its algorithm is none of %s.", strings.Join(methods, ", "))
	}
	return nil, badAssertion("its claims cannot be read")
}

// webKey is a key of a JSON Web Key Set (RFC 7517, RFC 7518, 6.2 and 6.3).
type webKey struct {
	Type  string `json:"kty"`
	ID    string `json:"kid"`
	Curve string `json:"crv"`
	N, E  string
	X, Y  string
}

// federatedKey finds the key that a token of another issuer names; one that
// names none must be signed by the only one.
func federatedKey(f Federated, t *jwt.Token) (any, error) {
	text, err := f.Keys()
	if err != nil {
		return nil, err
	}
	var set struct{ Keys []webKey }
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	id, _ := t.Header["kid"].(string)
	for _, k := range set.Keys {
		if k.ID == id || id == "" && len(set.Keys) == 1 {
			return k.public()
		}
	}
	return nil, errors.New("the issuer has no such key")
}

func (k webKey) public() (any, error) {
	switch k.Type + k.Curve {
	case "RSA":
		n, err := number(k.N)
		e, err2 := number(k.E)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		if n.BitLen() < keyBits || !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31-1 {
			return nil, errors.New("the issuer's key is too weak")
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
	case "ECP-256":
		x, err := base64.RawURLEncoding.DecodeString(k.X)
		y, err2 := base64.RawURLEncoding.DecodeString(k.Y)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
	}
	return nil, fmt.Errorf("the issuer's key is of the type %s %s", k.Type, k.Curve)
}

func number(s string) (*big.Int, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return new(big.Int).SetBytes(b), err
}
