package cosmos

import (
	"encoding/json"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/restriction"
)

// AccountProperties are the properties of an account as a resource.
type AccountProperties struct {
	Primary           string `json:"primaryMasterKey"` // base64, as all
	Secondary         string `json:"secondaryMasterKey"`
	PrimaryReadOnly   string `json:"primaryReadonlyMasterKey"`
	SecondaryReadOnly string `json:"secondaryReadonlyMasterKey"`
	DisableLocalAuth  bool   `json:"disableLocalAuth,omitempty"`   // keys open nothing
	Consistency       string `json:"defaultConsistency,omitempty"` // "" is Session

	Network restriction.Rules `json:"network,omitzero"` // from where it is reached
}

// Keys are the account's keys, which open it.
func (p AccountProperties) Keys() Keys {
	return Keys{p.Primary, p.Secondary, p.PrimaryReadOnly, p.SecondaryReadOnly, p.DisableLocalAuth}
}

// The kinds of keys, as Azure's management API names them.
const (
	PrimaryKey           = "primary"
	SecondaryKey         = "secondary"
	PrimaryReadOnlyKey   = "primaryReadonly"
	SecondaryReadOnlyKey = "secondaryReadonly"
)

// ReadAccount reads properties; none are those of an account without keys.
func ReadAccount(text json.RawMessage) (AccountProperties, error) {
	return wire.ReadProperties[AccountProperties]("account", text)
}

// JSON is the form that the catalogue keeps.
func (p AccountProperties) JSON() json.RawMessage { return wire.PropertiesJSON(p) }

// Complete makes the keys that are missing.
func (p *AccountProperties) Complete() { p.named().Complete() }

// Regenerate makes a new key of a kind.
func (p *AccountProperties) Regenerate(kind string) error { return p.named().Regenerate(kind) }

func (p *AccountProperties) named() wire.AccountKeys {
	return wire.AccountKeys{
		{Name: PrimaryKey, At: &p.Primary},
		{Name: SecondaryKey, At: &p.Secondary},
		{Name: PrimaryReadOnlyKey, At: &p.PrimaryReadOnly},
		{Name: SecondaryReadOnlyKey, At: &p.SecondaryReadOnly},
	}
}
