package wire

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Lengths of keys, in bytes, as the services make them.
const (
	AccountKeyBytes = 64 // of a storage or document account
	PolicyKeyBytes  = 32 // of a shared access policy
)

// NewKey is that many random bytes in base64.
func NewKey(bytes int) string {
	key := make([]byte, bytes)
	rand.Read(key) //nolint:errcheck // it never fails
	return base64.StdEncoding.EncodeToString(key)
}

// Key is a key of an account by its name, as Azure's management API has it.
type Key struct {
	Name string
	At   *string // base64; "" is none
}

// AccountKeys are the keys of an account in the order that its service lists them.
type AccountKeys []Key

// Complete makes the keys that are missing.
func (all AccountKeys) Complete() {
	for _, k := range all {
		if *k.At == "" {
			*k.At = NewKey(AccountKeyBytes)
		}
	}
}

// Regenerate makes a new key of a name.
func (all AccountKeys) Regenerate(name string) error {
	names := make([]string, len(all))
	for i, k := range all {
		if names[i] = k.Name; k.Name == name {
			*k.At = NewKey(AccountKeyBytes)
			return nil
		}
	}
	last := len(names) - 1
	return fault.New(fault.Invalid, "key "+name, "is not one of %s and %s", strings.Join(names[:last], ", "), names[last])
}

// ReadProperties reads the properties of an account as the catalogue keeps them; none
// are the zero P. what names the account's kind in errors.
func ReadProperties[P any](what string, text json.RawMessage) (p P, err error) {
	if text == nil {
		return p, nil
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fault.Wrap(fault.Internal, what, err, "its properties")
	}
	return p, nil
}

// PropertiesJSON is the form that the catalogue keeps. The type of properties always
// marshals.
func PropertiesJSON(properties any) json.RawMessage {
	text, err := json.Marshal(properties)
	if err != nil {
		panic(err)
	}
	return text
}
