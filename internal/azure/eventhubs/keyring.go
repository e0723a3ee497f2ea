package eventhubs

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// grant is what a verified credential allows: rights on a resource path until
// a time. A zero expires never ends.
type grant struct {
	scope   string // resource path; "" is the whole namespace
	rights  Rights
	expires time.Time
	name    string // the rule's or principal's name, for events and logs
}

// validAt reports whether the grant has not expired.
func (g grant) validAt(now time.Time) bool { return g.expires.IsZero() || now.Before(g.expires) }

// keyring verifies shared access credentials against the configured rules. It
// is immutable.
type keyring struct{ rules []Rule }

// expiryLayout is how the service writes times in token errors.
const expiryLayout = "1/2/2006 3:04:05 PM"

// verifySAS checks signature, expiry and reach of a shared access signature
// put for the audience's resource path, and returns what it grants there.
//
// The texts begin with the service's own error names: clients and their tests
// look for "ExpiredToken: The token is expired. Expiration time:". A key name
// nobody knows is answered like a wrong signature, so that names cannot be
// probed.
func (k keyring) verifySAS(token, audience string, now time.Time) (grant, error) {
	t, err := ParseSASToken(token)
	if err != nil {
		return grant{}, err
	}
	path, reach := resourcePath(audience), resourcePath(t.Resource)
	rule, ok := k.signer(t, hubOfPath(reach))
	if !ok {
		return grant{}, fault.New(fault.Unauthorized, "", "InvalidSignature: The token has an invalid signature.")
	}
	if !now.Before(t.Expires) {
		return grant{}, fault.New(fault.Unauthorized, "",
			"ExpiredToken: The token is expired. Expiration time: %s.", t.Expires.Format(expiryLayout))
	}
	if !covers(reach, path) {
		return grant{}, fault.New(fault.Unauthorized, "",
			"InvalidAudience: The token's resource '%s' does not cover '%s'.", clip(t.Resource), clip(audience))
	}
	return grant{scope: path, rights: rule.Rights, expires: t.Expires, name: rule.Name}, nil
}

// signer finds the rule whose key made the signature. Rules of a hub only
// count for tokens that reach no further than that hub.
func (k keyring) signer(t SASToken, hub string) (Rule, bool) {
	for _, r := range k.rules {
		if r.Name != t.KeyName || (r.Hub != "" && r.scope() != hub) {
			continue
		}
		for _, key := range r.keys() {
			if t.signedBy(key) {
				return r, true
			}
		}
	}
	return Rule{}, false
}

// plain checks a SASL PLAIN user (rule name) and password (key) and returns
// the grants that hold for the whole connection.
func (k keyring) plain(user, password string) []grant {
	sum := sha256.Sum256([]byte(password))
	var grants []grant
	for _, r := range k.rules {
		if r.Name != user {
			continue
		}
		for _, key := range r.keys() {
			want := sha256.Sum256([]byte(key))
			if subtle.ConstantTimeCompare(sum[:], want[:]) == 1 {
				grants = append(grants, grant{scope: r.scope(), rights: r.Rights, name: r.Name})
				break
			}
		}
	}
	return grants
}
