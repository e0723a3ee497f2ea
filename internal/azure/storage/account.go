package storage

import (
	"encoding/json"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
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
func ReadAccount(text json.RawMessage) (AccountProperties, error) {
	return wire.ReadProperties[AccountProperties]("storage account", text)
}

// JSON is the form that the catalogue keeps.
func (p AccountProperties) JSON() json.RawMessage { return wire.PropertiesJSON(p) }

// Complete makes the keys that are missing.
func (p *AccountProperties) Complete() {
	p.named().Complete()
	if p.Delegation == "" {
		p.RevokeDelegation()
	}
}

// Regenerate makes a new key of a name. User delegation keys are not touched; Azure
// revokes them by themselves too (see RevokeDelegation).
func (p *AccountProperties) Regenerate(name string) error { return p.named().Regenerate(name) }

func (p *AccountProperties) named() wire.AccountKeys {
	return wire.AccountKeys{{Name: Key1, At: &p.Key1}, {Name: Key2, At: &p.Key2}}
}

// RevokeDelegation ends all user delegation keys, and every SAS that they signed.
func (p *AccountProperties) RevokeDelegation() { p.Delegation = wire.NewKey(wire.AccountKeyBytes) }
