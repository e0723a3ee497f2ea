package cosmos

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// clockSkew is how far x-ms-date may be from the server's clock, either way
// (Azure: 15 minutes).
const clockSkew = 15 * time.Minute

// maxAuthorization bounds the authorization header; a JWT with many groups
// stays far below it.
const maxAuthorization = 16 << 10

// authenticator checks the authorization header against the account's keys.
// Key bytes never leave it: no error and no log line contains one.
type authenticator struct {
	keys []*accountKey
	now  func() time.Time
	last atomic.Pointer[parsedDate] // a busy client sends one date for a second long
}

// parsedDate is a date header and what it says.
type parsedDate struct {
	text string
	time time.Time
}

// accountKey is one master key with reusable HMAC states.
type accountKey struct {
	states sync.Pool // of hash.Hash keyed with the key
	token  []byte    // base64url of the key's text: the signature part of an emulator's token
}

// newAuthenticator decodes the keys (base64, as in a connection string).
func newAuthenticator(keys []string, now func() time.Time) (*authenticator, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("cosmos: no account key is configured")
	}
	a := &authenticator{now: now}
	for i, text := range keys {
		secret, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(secret) == 0 {
			return nil, fmt.Errorf("cosmos: account key %d is not base64", i+1)
		}
		k := &accountKey{token: []byte(base64.RawURLEncoding.EncodeToString([]byte(text)))}
		k.states.New = func() any { return hmac.New(sha256.New, secret) }
		a.keys = append(a.keys, k)
	}
	return a, nil
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

// check authenticates a request to the address, or says why it cannot.
func (a *authenticator) check(r *http.Request, addr *address) error {
	cred, err := parseAuthorization(first(r.Header, hdrAuthorization))
	if err != nil {
		return err
	}
	switch cred.kind {
	case "master":
		return a.checkMaster(r, addr, cred)
	case "aad":
		return a.checkToken(cred)
	case "resource":
		return unauthorized("Resource tokens are not supported by Lazuli: use an account key or an Entra token.")
	}
	return unauthorized("The authorization type '%s' is unknown: expected master, resource or aad.", clip(cred.kind, 40))
}

// checkMaster verifies an HMAC signature over
//
//	lower(verb) LF lower(type) LF link LF lower(x-ms-date) LF lower(date) LF
//
// where date counts only without x-ms-date. Clients disagree on how the link
// is escaped and cased, so the candidates of signedLinks are tried in turn.
func (a *authenticator) checkMaster(r *http.Request, addr *address, cred credential) error {
	if cred.ver != "1.0" {
		return unauthorized("The authorization version '%s' is unknown: expected 1.0.", clip(cred.ver, 20))
	}
	xdate, date := first(r.Header, hdrXDate), ""
	stamp := xdate
	if stamp == "" {
		date = first(r.Header, hdrDate)
		stamp = date
	}
	if err := a.checkDate(stamp); err != nil {
		return err
	}
	var sig [64]byte
	if len(cred.sig) > 44 { // what 32 bytes make in base64
		return malformedAuthorization()
	}
	n, err := base64.StdEncoding.Decode(sig[:], []byte(cred.sig))
	if err != nil || n != sha256.Size {
		return malformedAuthorization()
	}
	given := sig[:n]
	var scratch [512]byte
	for link := range signedLinks(addr) {
		payload := appendPayload(scratch[:0], r.Method, addr.signedType(), link, xdate, date)
		for _, k := range a.keys {
			if k.signs(payload, given) {
				return nil
			}
		}
	}
	link := addr.link
	if rid := addr.signedRID(); rid != "" {
		link = strings.ToLower(rid)
	}
	payload := appendPayload(nil, r.Method, addr.signedType(), link, xdate, date)
	return unauthorized("The input authorization token can't serve the request. The wrong key is being used or the expected payload is not built as per the protocol. Server used the following payload to sign: '%s'", clip(string(payload), 1024))
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

// signs reports, in constant time, whether the key's signature of payload is given.
func (k *accountKey) signs(payload, given []byte) bool {
	h := k.states.Get().(hash.Hash)
	defer k.states.Put(h)
	h.Reset()
	h.Write(payload)
	var sum [sha256.Size]byte
	return hmac.Equal(h.Sum(sum[:0]), given)
}

// checkToken accepts an Entra-shaped token by the emulator's rule: header,
// payload, and base64url of the account key in place of a signature.
func (a *authenticator) checkToken(cred credential) error {
	parts := strings.Split(cred.sig, ".")
	if len(parts) != 3 {
		return unauthorized("The Entra token is not a JWT of three parts.")
	}
	known := false
	for _, k := range a.keys {
		if subtle.ConstantTimeCompare(k.token, []byte(strings.TrimRight(parts[2], "="))) == 1 {
			known = true
		}
	}
	if !known {
		return unauthorized("The Entra token is not signed for this account: its third part must be the account key in base64url.")
	}
	body, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
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
