package storage

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/restriction"
)

// AccountProperties are the properties of a storage account as a resource.
type AccountProperties struct {
	Key1       string `json:"key1"` // base64, as all
	Key2       string `json:"key2"`
	Delegation string `json:"delegationSecret"` // what user delegation keys derive from

	// As Azure's management API has them; nil is its default, true.
	AllowSharedKeyAccess  *bool `json:"allowSharedKeyAccess,omitempty"`
	AllowBlobPublicAccess *bool `json:"allowBlobPublicAccess,omitempty"`

	IsVersioningEnabled bool `json:"isVersioningEnabled,omitempty"` // of blobs

	Network restriction.Rules `json:"network,omitzero"` // from where it is reached
}

// DevelopmentKey is the well-known key of the account devstoreaccount1 of every
// emulator.
const DevelopmentKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

// Keys are the account's keys, which open it, and what else decides on access.
func (p AccountProperties) Keys() Keys {
	return Keys{
		Primary: p.Key1, Secondary: p.Key2, Delegation: p.Delegation,
		Disabled: isFalse(p.AllowSharedKeyAccess), NoPublic: isFalse(p.AllowBlobPublicAccess),
	}
}

func isFalse(b *bool) bool { return b != nil && !*b }

// The names of keys, as Azure's management API has them.
const (
	Key1 = "key1"
	Key2 = "key2"
)

// ReadAccount reads properties; none are those of an account without keys.
func ReadAccount(text json.RawMessage) (p AccountProperties, err error) {
	if text == nil {
		return p, nil
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fault.Wrap(fault.Internal, "storage account", err, "its properties")
	}
	return p, nil
}

// JSON is the form that the catalogue keeps.
func (p AccountProperties) JSON() json.RawMessage {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // texts always marshal
	}
	return text
}

// Complete makes the keys that are missing.
func (p *AccountProperties) Complete() {
	for _, key := range []*string{&p.Key1, &p.Key2, &p.Delegation} {
		if *key == "" {
			*key = newKey()
		}
	}
}

// Regenerate makes a new key of a name. User delegation keys are not touched; Azure
// revokes them by themselves too (see RevokeDelegation).
func (p *AccountProperties) Regenerate(name string) error {
	switch name {
	case Key1:
		p.Key1 = newKey()
	case Key2:
		p.Key2 = newKey()
	default:
		return fault.New(fault.Invalid, "key "+name, "is not one of key1 and key2")
	}
	return nil
}

// RevokeDelegation ends all user delegation keys, and every SAS that they signed.
func (p *AccountProperties) RevokeDelegation() { p.Delegation = newKey() }

// newKey is 64 random bytes in base64, as the service's keys are.
func newKey() string {
	var key [64]byte
	rand.Read(key[:]) //nolint:errcheck // it never fails
	return base64.StdEncoding.EncodeToString(key[:])
}
