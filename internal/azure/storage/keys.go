package storage

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
)

// keySet is the keys of one moment, ready to verify with. It never changes. Key
// bytes never leave it: no error and no log line contains one.
type keySet struct {
	of         Keys
	keys       []*wire.Signer // key1, key2
	delegation *wire.Signer   // nil when there is none
}

// newKeySet decodes the keys; one that cannot be decoded opens nothing.
func newKeySet(of Keys) *keySet {
	s := &keySet{of: of}
	for _, text := range [...]string{of.Primary, of.Secondary} {
		if secret := decodeKey(text); len(secret) > 0 {
			s.keys = append(s.keys, wire.NewSigner(secret))
		}
	}
	if secret := decodeKey(of.Delegation); len(secret) > 0 {
		s.delegation = wire.NewSigner(secret)
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

// anySigned reports whether one of the account's keys signed the text.
func (s *keySet) anySigned(text, given []byte) bool {
	for _, k := range s.keys {
		if k.Signed(text, given) {
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
