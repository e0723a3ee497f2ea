package storage

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strings"
	"sync"
)

// keySet is the keys of one moment, ready to verify with. It never changes. Key
// bytes never leave it: no error and no log line contains one.
type keySet struct {
	of         Keys
	keys       []*signer // key1, key2
	delegation *signer   // nil when there is none
}

// newKeySet decodes the keys; one that cannot be decoded opens nothing.
func newKeySet(of Keys) *keySet {
	s := &keySet{of: of}
	for _, text := range [...]string{of.Primary, of.Secondary} {
		if secret := decodeKey(text); len(secret) > 0 {
			s.keys = append(s.keys, newSigner(secret))
		}
	}
	if secret := decodeKey(of.Delegation); len(secret) > 0 {
		s.delegation = newSigner(secret)
	}
	return s
}

// decodeKey takes every spelling of base64, as the emulators do.
func decodeKey(text string) []byte {
	text = strings.NewReplacer("-", "+", "_", "/", "=", "", "\n", "", "\r", "", " ", "").Replace(text)
	secret, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return secret
}

// signer signs with one key.
type signer struct{ states sync.Pool } // of *signState

type signState struct {
	mac hash.Hash
	sum [sha256.Size]byte
}

func newSigner(secret []byte) *signer {
	s := &signer{}
	s.states.New = func() any { return &signState{mac: hmac.New(sha256.New, secret)} }
	return s
}

// signed reports, in constant time, whether the signature of text is given.
func (s *signer) signed(text []byte, given []byte) bool {
	state := s.states.Get().(*signState)
	defer s.states.Put(state)
	state.mac.Reset()
	state.mac.Write(text)
	return hmac.Equal(state.mac.Sum(state.sum[:0]), given)
}

// sign returns the signature of text.
func (s *signer) sign(text []byte) []byte {
	state := s.states.Get().(*signState)
	defer s.states.Put(state)
	state.mac.Reset()
	state.mac.Write(text)
	return state.mac.Sum(nil)
}

// anySigned reports whether one of the account's keys signed the text.
func (s *keySet) anySigned(text, given []byte) bool {
	for _, k := range s.keys {
		if k.signed(text, given) {
			return true
		}
	}
	return false
}

// decodeSignature reads a signature in base64 into dst; nil when it is none.
func decodeSignature(dst *[sha256.Size + 1]byte, text string) []byte {
	if len(text) != base64.StdEncoding.EncodedLen(sha256.Size) {
		return nil
	}
	n, err := base64.StdEncoding.Decode(dst[:], []byte(text))
	if err != nil || n != sha256.Size {
		return nil
	}
	return dst[:n]
}
