package cosmos

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"

	"github.com/lazuli-dev/lazuli/internal/fault"
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
func ReadAccount(text json.RawMessage) (p AccountProperties, err error) {
	if text == nil {
		return p, nil
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fault.Wrap(fault.Internal, "account", err, "its properties")
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
	for _, kind := range []string{PrimaryKey, SecondaryKey, PrimaryReadOnlyKey, SecondaryReadOnlyKey} {
		if key := p.key(kind); *key == "" {
			*key = newAccountKey()
		}
	}
}

// Regenerate makes a new key of a kind.
func (p *AccountProperties) Regenerate(kind string) error {
	key := p.key(kind)
	if key == nil {
		return fault.New(fault.Invalid, "key "+kind, "is not one of primary, secondary, primaryReadonly and secondaryReadonly")
	}
	*key = newAccountKey()
	return nil
}

func (p *AccountProperties) key(kind string) *string {
	switch kind {
	case PrimaryKey:
		return &p.Primary
	case SecondaryKey:
		return &p.Secondary
	case PrimaryReadOnlyKey:
		return &p.PrimaryReadOnly
	case SecondaryReadOnlyKey:
		return &p.SecondaryReadOnly
	}
	return nil
}

// newAccountKey is 64 random bytes in base64, as the service's keys are.
func newAccountKey() string {
	var key [64]byte
	rand.Read(key[:]) //nolint:errcheck // it never fails
	return base64.StdEncoding.EncodeToString(key[:])
}
