package cosmos

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// clockSkew is how far x-ms-date may be from the server's clock, either way
// (Azure: 15 minutes).
const clockSkew = 15 * time.Minute

// maxAuthorization bounds the authorization header; a JWT with many groups
// stays far below it.
const maxAuthorization = 16 << 10

// authenticator finds out who a request comes from by its authorization header.
type authenticator struct {
	access Access
	now    func() time.Time
	keys   atomic.Pointer[keySet]
	last   atomic.Pointer[parsedDate] // a busy client sends one date for a second long
}

// parsedDate is a date header and what it says.
type parsedDate struct {
	text string
	time time.Time
}

func newAuthenticator(access Access, now func() time.Time) (*authenticator, error) {
	keys, err := newKeySet(access.Keys())
	if err != nil {
		return nil, err
	}
	a := &authenticator{access: access, now: now}
	a.keys.Store(keys)
	return a, nil
}

// current is the keys as they are now. They are decoded when they have changed.
func (a *authenticator) current() *keySet {
	keys, now := a.keys.Load(), a.access.Keys()
	if keys.of != now {
		keys, _ = newKeySet(now) // a key that cannot be decoded opens nothing
		a.keys.Store(keys)
	}
	return keys
}

// credential is a parsed authorization header.
type credential struct {
	kind string // master, aad or resource
	ver  string
	sig  string
}

// parseAuthorization reads type=…&ver=…&sig=…, percent-encoded or not.
func parseAuthorization(header string) (credential, error) {
	if header == "" {
		return credential{}, unauthorized("Required Header authorization is missing. Ensure a valid Authorization token is passed.")
	}
	if len(header) > maxAuthorization {
		return credential{}, unauthorized("The authorization header is longer than %d bytes.", maxAuthorization)
	}
	if !strings.HasPrefix(header, "type=") {
		decoded, err := url.QueryUnescape(header)
		if err != nil {
			return credential{}, malformedAuthorization()
		}
		header = decoded
	}
	var c credential
	for header != "" {
		var field string
		field, header, _ = strings.Cut(header, "&")
		name, value, ok := strings.Cut(field, "=")
		if !ok {
			return credential{}, malformedAuthorization()
		}
		switch name {
		case "type":
			c.kind = value
		case "ver":
			c.ver = value
		case "sig":
			c.sig = value
		}
	}
	if c.kind == "" || c.sig == "" {
		return credential{}, malformedAuthorization()
	}
	return c, nil
}

func malformedAuthorization() *apiError {
	return unauthorized("The input authorization token can't serve the request. The authorization header has the wrong format: expected type=…&ver=…&sig=….")
}

// check says who a request to the address comes from, or why nobody can tell.
func (a *authenticator) check(r *http.Request, addr *address) (caller, error) {
	cred, err := parseAuthorization(first(r.Header, hdrAuthorization))
	if err != nil {
		return caller{}, err
	}
	keys := a.current()
	switch cred.kind {
	case "master":
		return a.checkMaster(keys, r, addr, cred)
	case "aad":
		return a.checkToken(r.Context(), keys, cred)
	case "resource":
		return caller{}, unauthorized("Resource tokens are not supported by Lazuli: use an account key or an Entra token.")
	}
	return caller{}, unauthorized("The authorization type '%s' is unknown: expected master, resource or aad.", clip(cred.kind, 40))
}

// keyDisabled refuses every key of an account that takes tokens only.
func keyDisabled() *apiError {
	e := unauthorized("Local Authorization is disabled. Use an AAD token to authorize all requests.")
	e.sub = subKeyDisabled
	return e
}

// checkMaster verifies an HMAC signature over
//
//	lower(verb) LF lower(type) LF link LF lower(x-ms-date) LF lower(date) LF
//
// where date counts only without x-ms-date. Clients disagree on how the link
// is escaped and cased, so the candidates of signedLinks are tried in turn.
func (a *authenticator) checkMaster(keys *keySet, r *http.Request, addr *address, cred credential) (caller, error) {
	if keys.of.Disabled {
		return caller{}, keyDisabled()
	}
	if cred.ver != "1.0" {
		return caller{}, unauthorized("The authorization version '%s' is unknown: expected 1.0.", clip(cred.ver, 20))
	}
	xdate, date := first(r.Header, hdrXDate), ""
	stamp := xdate
	if stamp == "" {
		date = first(r.Header, hdrDate)
		stamp = date
	}
	if err := a.checkDate(stamp); err != nil {
		return caller{}, err
	}
	var sig [64]byte
	if len(cred.sig) > 44 { // what 32 bytes make in base64
		return caller{}, malformedAuthorization()
	}
	n, err := base64.StdEncoding.Decode(sig[:], []byte(cred.sig))
	if err != nil || n != sha256.Size {
		return caller{}, malformedAuthorization()
	}
	given := sig[:n]
	var scratch [512]byte
	for link := range signedLinks(addr) {
		payload := appendPayload(scratch[:0], r.Method, addr.signedType(), link, xdate, date)
		if k := keys.signer(payload, given); k != nil {
			return caller{readOnly: k.readOnly}, nil
		}
	}
	link := addr.link
	if rid := addr.signedRID(); rid != "" {
		link = strings.ToLower(rid)
	}
	payload := appendPayload(nil, r.Method, addr.signedType(), link, xdate, date)
	return caller{}, unauthorized("The input authorization token can't serve the request. The wrong key is being used or the expected payload is not built as per the protocol. Server used the following payload to sign: '%s'", clip(string(payload), 1024))
}

// signedLinks yields the texts that a client may have signed as the link, the
// likeliest first: the names as they are or as they came, and for a path of
// _rids the last of them alone, in lower case (Java, JavaScript, Python) or as
// it is (.NET for some resources).
func signedLinks(addr *address) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(addr.link) || !yield(addr.rawLink) || !yield(strings.ToLower(addr.link)) {
			return
		}
		if rid := addr.signedRID(); rid != "" && yield(strings.ToLower(rid)) {
			yield(rid)
		}
	}
}

// checkDate refuses a request whose date is missing, unreadable or too far off.
func (a *authenticator) checkDate(stamp string) error {
	if stamp == "" {
		return unauthorized("The request has neither an x-ms-date nor a date header.")
	}
	last := a.last.Load()
	if last == nil || last.text != stamp {
		t, err := http.ParseTime(stamp)
		if err != nil {
			return unauthorized("The date '%s' of the request is not an RFC 1123 date.", clip(stamp, 60))
		}
		last = &parsedDate{stamp, t}
		a.last.Store(last)
	}
	if d := a.now().Sub(last.time); d > clockSkew || d < -clockSkew {
		return unauthorized("The authorization token is not valid at the current time. Please create another token and retry (token start time: %s, server time: %s, allowed clock skew: %v).",
			last.time.UTC().Format(http.TimeFormat), a.now().UTC().Format(http.TimeFormat), clockSkew)
	}
	return nil
}

// appendPayload builds the string to sign. The link's case is kept: names are
// case-sensitive.
func appendPayload(b []byte, verb, resourceType, link, xdate, date string) []byte {
	b = append(appendLower(b, verb), '\n')
	b = append(append(b, resourceType...), '\n')
	b = append(append(b, link...), '\n')
	b = append(appendLower(b, xdate), '\n')
	return append(appendLower(b, date), '\n')
}

// appendLower appends s with ASCII letters in lower case.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}

// checkToken takes an Entra token: one that Access verifies, or one of the
// emulator's making.
//
// The vendor's emulator has no issuer. Its clients send header, payload, and
// base64url of the account key in place of a signature (.NET, Java and Go do so in
// their emulator tests, and so do applications that are told to develop that way),
// and it lets them do what the key may. Whoever sends one knows the key, so nothing
// is opened by it that the key would not open; with the keys it is disabled.
func (a *authenticator) checkToken(ctx context.Context, keys *keySet, cred credential) (caller, error) {
	parts := strings.SplitN(cred.sig, ".", 4)
	if len(parts) != 3 {
		return caller{}, unauthorized("The Entra token is not a JWT of three parts.")
	}
	if k := keys.named(strings.TrimRight(parts[2], "=")); k != nil {
		if keys.of.Disabled {
			return caller{}, keyDisabled()
		}
		return caller{readOnly: k.readOnly}, a.checkTimes(parts[1])
	}
	b, err := a.access.Verify(ctx, cred.sig)
	switch {
	case fault.Is(err, fault.Unauthorized):
		return caller{}, unauthorized("%v", err)
	case err == nil && !b.Expires.IsZero() && !a.now().Before(b.Expires):
		return caller{}, unauthorized("The Entra token has expired.")
	}
	return caller{token: true, bearer: b}, err
}

// checkTimes reads when a token of the emulator's making is valid.
func (a *authenticator) checkTimes(payload string) error {
	body, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(payload, "="))
	if err != nil {
		return unauthorized("The payload of the Entra token is not base64url.")
	}
	var claims struct {
		NotBefore int64 `json:"nbf"`
		Expires   int64 `json:"exp"`
	}
	if err := json.Unmarshal(body, &claims); err != nil {
		return unauthorized("The payload of the Entra token is not a JSON object with numeric nbf and exp.")
	}
	now := a.now()
	if now.After(time.Unix(claims.Expires, 0).Add(clockSkew)) {
		return unauthorized("The Entra token has expired.")
	}
	if now.Before(time.Unix(claims.NotBefore, 0).Add(-clockSkew)) {
		return unauthorized("The Entra token is not valid yet.")
	}
	return nil
}
