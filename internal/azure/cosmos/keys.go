package cosmos

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
)

// keySet is the keys of one moment, ready to verify with. It never changes. Key
// bytes never leave it: no error and no log line contains one.
type keySet struct {
	of   Keys
	keys []*accountKey // the likeliest first
}

// accountKey is one account key.
type accountKey struct {
	*wire.Signer
	readOnly bool
	token    []byte // base64url of the key's text: the signature part of an emulator's token
}

// newKeySet decodes the keys. The error names the first that cannot be; the set
// is good for the others.
func newKeySet(of Keys) (*keySet, error) {
	s := &keySet{of: of}
	var failed error
	for i, text := range [...]string{of.Primary, of.Secondary, of.PrimaryReadOnly, of.SecondaryReadOnly} {
		if text == "" {
			continue
		}
		secret, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(secret) == 0 {
			failed = errors.Join(failed, fmt.Errorf("cosmos: account key %d is not base64", i+1))
			continue
		}
		s.keys = append(s.keys, &accountKey{wire.NewSigner(secret), i >= 2, []byte(base64.RawURLEncoding.EncodeToString([]byte(text)))})
	}
	if len(s.keys) == 0 && failed == nil && !of.Disabled {
		failed = errors.New("cosmos: the account has no key")
	}
	return s, failed
}

// signer returns the key whose signature of payload is given, or nil.
func (s *keySet) signer(payload, given []byte) *accountKey {
	for _, k := range s.keys {
		if k.Signed(payload, given) {
			return k
		}
	}
	return nil
}

// named returns the key that an emulator's token ends in, or nil.
func (s *keySet) named(third string) (found *accountKey) {
	for _, k := range s.keys {
		if subtle.ConstantTimeCompare(k.token, []byte(third)) == 1 {
			found = k
		}
	}
	return found
}
