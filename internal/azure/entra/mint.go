package entra

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lazuli-dev/lazuli/internal/identity"
)

// order is what an access token is made from.
type order struct {
	request  *http.Request   // says how the client called
	who      identity.Caller //
	audience string          // with its slash, if it was asked so
	client   string          // the program's client id, where a person signs in by one; "" means who's own
	acr      string          // how a program proved itself: "1" secret, "2" assertion or managed identity
	user     bool            // a person
	v2       bool            // for an application of the project, not for Azure's own resources
	life     time.Duration
}

// mint makes an access token.
func (e *Issuer) mint(o order) (token string, expires time.Time, err error) {
	k, err := e.keys.signing()
	if err != nil {
		return "", time.Time{}, err
	}
	now := time.Now()
	expires = now.Add(o.life).Truncate(time.Second)
	client := o.client
	if client == "" {
		client = o.who.AppID
	}
	issuer := e.issuerOf(o.request, o.v2)
	claims := jwt.MapClaims{
		"aud": o.audience, "iss": issuer, "idp": issuer, "iat": now.Unix(), "nbf": now.Unix(), "exp": expires.Unix(),
		"oid": o.who.ObjectID, "sub": o.who.ObjectID, "tid": e.cfg.Identity.Tenant(), "uti": random(16), "ver": "1.0",
	}
	if o.v2 {
		claims["ver"], claims["azp"], claims["azpacr"] = "2.0", client, o.acr
	} else {
		claims["appid"], claims["appidacr"] = client, o.acr
	}
	if o.user {
		e.describeUser(claims, o)
	} else {
		claims["idtyp"] = "app"
	}
	if id := e.resourceOf(o.who); id != "" {
		claims["xms_mirid"] = id
	}
	token, err = sign(k, claims)
	return token, expires, err
}

// describeUser adds what tokens say of people.
func (e *Issuer) describeUser(claims jwt.MapClaims, o order) {
	claims["idtyp"], claims["scp"], claims["name"] = "user", "user_impersonation", o.who.Name
	if o.v2 {
		claims["preferred_username"] = userName(o.who)
		return
	}
	claims["upn"], claims["unique_name"] = userName(o.who), userName(o.who)
}

// userName is what a person would sign in with.
func userName(c identity.Caller) string { return c.Name + "@lazuli.localhost" }

// resourceOf is the Azure resource that has a managed identity, or "".
func (e *Issuer) resourceOf(c identity.Caller) string {
	p := identity.Principal{Caller: c}
	switch c.Kind {
	case identity.FunctionApp:
		return e.cfg.Identity.Scope("Microsoft.Web/sites", p.Plain())
	case identity.UserAssigned:
		return e.cfg.Identity.Scope("Microsoft.ManagedIdentity/userAssignedIdentities", p.Plain())
	case identity.Resource:
		typ, name, _ := cutLast(p.Plain())
		return e.cfg.Identity.Scope(typ, name)
	case identity.Developer, identity.Application:
	}
	return ""
}

// idToken says to the program who signed in (OpenID Connect Core 1.0, 2).
func (e *Issuer) idToken(o order, nonce string) (string, error) {
	k, err := e.keys.signing()
	if err != nil {
		return "", err
	}
	now := time.Now()
	claims := jwt.MapClaims{
		"aud": o.client, "iss": e.issuerOf(o.request, true), "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(o.life).Unix(),
		"sub": o.who.ObjectID, "oid": o.who.ObjectID, "tid": e.cfg.Identity.Tenant(), "ver": "2.0",
		"preferred_username": userName(o.who), "name": o.who.Name,
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return sign(k, claims)
}

func sign(k *key, claims jwt.MapClaims) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"], t.Header["x5t"] = k.id, k.id
	return t.SignedString(k.private)
}

// random is n random bytes in base64url.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// cutLast cuts a text at its last slash.
func cutLast(s string) (before, after string, found bool) {
	n := strings.LastIndexByte(s, '/')
	if n < 0 {
		return s, "", false
	}
	return s[:n], s[n+1:], true
}
