package cosmos

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"sync"
)

// keySet is the keys of one moment, ready to verify with. It never changes. Key
// bytes never leave it: no error and no log line contains one.
type keySet struct {
	of   Keys
	keys []*accountKey // the likeliest first
}

// accountKey is one account key with reusable HMAC states.
type accountKey struct {
	readOnly bool
	states   sync.Pool // of hash.Hash keyed with the key
	token    []byte    // base64url of the key's text: the signature part of an emulator's token
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
		k := &accountKey{readOnly: i >= 2, token: []byte(base64.RawURLEncoding.EncodeToString([]byte(text)))}
		k.states.New = func() any { return hmac.New(sha256.New, secret) }
		s.keys = append(s.keys, k)
	}
	if len(s.keys) == 0 && failed == nil && !of.Disabled {
		failed = errors.New("cosmos: the account has no key")
	}
	return s, failed
}

// signer returns the key whose signature of payload is given, or nil.
func (s *keySet) signer(payload, given []byte) *accountKey {
	for _, k := range s.keys {
		if k.signs(payload, given) {
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

// signs reports, in constant time, whether the key's signature of payload is given.
func (k *accountKey) signs(payload, given []byte) bool {
	h := k.states.Get().(hash.Hash)
	defer k.states.Put(h)
	h.Reset()
	h.Write(payload)
	var sum [sha256.Size]byte
	return hmac.Equal(h.Sum(sum[:0]), given)
}
