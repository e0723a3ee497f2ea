package eventhubs

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// grant is what a verified credential allows on a resource path until a time. A
// zero expires never ends.
//
// What a key grants is known from its rule, and judged anew when the rules
// change; what a bearer may is asked each time.
type grant struct {
	scope   string // resource path; "" is the whole namespace
	expires time.Time
	name    string // the rule's or principal's name, for events and logs

	rights Rights // of a rule
	signer signer // the rule and its key
	void   error  // why it does not count any more; nil while it does

	may func(right Rights, path string) error // of a bearer; nil for a rule's
}

// signer is which key made a credential.
type signer struct {
	scope string            // of the rule: "" or a hub
	key   [sha256.Size]byte // the key's hash
}

// errNoRight is the refusal of a rule that never had the right: there is nothing
// to add to the sentence that names the right.
var errNoRight = errors.New("the policy lacks the right")

// validAt reports whether the grant has not expired.
func (g grant) validAt(now time.Time) bool { return g.expires.IsZero() || now.Before(g.expires) }

// allows is nil when the grant, if it has not expired, gives the right, or one of
// several, on the path, which it covers.
func (g grant) allows(right Rights, path string) error {
	switch {
	case g.may != nil:
		return g.may(right, hubOfPath(path))
	case g.void != nil:
		return g.void
	case g.rights&right == 0:
		return errNoRight
	}
	return nil
}

// keyring verifies shared access credentials against the rules of one moment. It
// is immutable.
type keyring struct {
	rules     []Rule
	disabled  bool                     // no key counts
	elsewhere func(host string) string // the other namespace that a host means, or ""; may be nil
}

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
	if k.disabled {
		return grant{}, errLocalAuthDisabled()
	}
	t, err := ParseSASToken(token)
	if err != nil {
		return grant{}, err
	}
	path, reach := resourcePath(audience), resourcePath(t.Resource)
	rule, key, ok := k.signer(t, hubOfPath(reach))
	if !ok {
		return grant{}, fault.New(fault.Unauthorized, "", "InvalidSignature: The token has an invalid signature.")
	}
	if !now.Before(t.Expires) {
		return grant{}, errExpired(t.Expires.Format(expiryLayout))
	}
	if other := k.otherOf(t.Resource); other != "" {
		return grant{}, fault.New(fault.Unauthorized, "",
			"InvalidAudience: The token's resource '%s' is of the namespace %s.", clip(t.Resource), other)
	}
	if !covers(reach, path) {
		return grant{}, fault.New(fault.Unauthorized, "",
			"InvalidAudience: The token's resource '%s' does not cover '%s'.", clip(t.Resource), clip(audience))
	}
	return grant{scope: path, rights: rule.Rights, expires: t.Expires, name: rule.Name, signer: signedWith(rule, key)}, nil
}

// otherOf is the other namespace that a token's resource names, or "". Two
// namespaces may have been given one key.
func (k keyring) otherOf(resource string) string {
	if k.elsewhere == nil {
		return ""
	}
	return k.elsewhere(hostOf(resource, true))
}

func signedWith(r Rule, key string) signer {
	return signer{scope: r.scope(), key: sha256.Sum256([]byte(key))}
}

// signer finds the rule, and which of its keys, made the signature. Rules of a
// hub only count for tokens that reach no further than that hub.
func (k keyring) signer(t SASToken, hub string) (Rule, string, bool) {
	for _, r := range k.rules {
		if r.Name != t.KeyName || (r.Hub != "" && r.scope() != hub) {
			continue
		}
		for _, key := range r.keys() {
			if t.signedBy(key) {
				return r, key, true
			}
		}
	}
	return Rule{}, "", false
}

// plain checks a SASL PLAIN user (rule name) and password (key) and returns
// the grants that hold for the whole connection, or why there are none.
func (k keyring) plain(user, password string) ([]grant, error) {
	if k.disabled {
		return nil, errLocalAuthDisabled()
	}
	sum := sha256.Sum256([]byte(password))
	var grants []grant
	for _, r := range k.rules {
		if r.Name != user {
			continue
		}
		for _, key := range r.keys() {
			made := signedWith(r, key)
			if subtle.ConstantTimeCompare(sum[:], made.key[:]) == 1 {
				grants = append(grants, grant{scope: r.scope(), rights: r.Rights, name: r.Name, signer: made})
				break
			}
		}
	}
	if len(grants) == 0 {
		return nil, fault.New(fault.Unauthorized, "", "wrong key name or key")
	}
	return grants, nil
}

// judge returns the grant as it counts under these rules: one that a key made
// needs that key still to be its rule's, and has the rights that the rule has.
func (k keyring) judge(g grant) grant {
	if g.may != nil {
		return g
	}
	g.rights, g.void = 0, fault.New(fault.Unauthorized, "", "The shared access policy '%s' is gone, or its key was regenerated.", clip(g.name))
	if k.disabled {
		g.void = errLocalAuthDisabled()
		return g
	}
	for _, r := range k.rules {
		if r.Name != g.name || r.scope() != g.signer.scope {
			continue
		}
		for _, key := range r.keys() {
			if signedWith(r, key) == g.signer {
				g.rights, g.void = r.Rights, nil
				return g
			}
		}
	}
	return g
}
