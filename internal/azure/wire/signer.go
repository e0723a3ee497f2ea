package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// Signer signs and verifies with HMAC-SHA256 under one secret. It is safe for
// concurrent use; the secret never leaves it.
type Signer struct{ states sync.Pool } // of *signState

type signState struct {
	mac hash.Hash
	sum [sha256.Size]byte // here, so that a sum costs no allocation
}

// NewSigner returns a Signer with the secret.
func NewSigner(secret []byte) *Signer {
	s := &Signer{}
	s.states.New = func() any { return &signState{mac: hmac.New(sha256.New, secret)} }
	return s
}

// Signed reports, in constant time, whether the signature of text is given.
func (s *Signer) Signed(text, given []byte) bool {
	state := s.states.Get().(*signState)
	defer s.states.Put(state)
	return hmac.Equal(state.sign(text), given)
}

// Sign returns the signature of text.
func (s *Signer) Sign(text []byte) []byte {
	state := s.states.Get().(*signState)
	defer s.states.Put(state)
	return append([]byte(nil), state.sign(text)...)
}

func (s *signState) sign(text []byte) []byte {
	s.mac.Reset()
	s.mac.Write(text)
	return s.mac.Sum(s.sum[:0])
}
