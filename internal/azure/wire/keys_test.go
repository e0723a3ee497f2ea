package wire

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

func TestAccountKeys(t *testing.T) {
	first, second := "given", ""
	all := AccountKeys{{"key1", &first}, {"key2", &second}}
	all.Complete()
	if raw, err := base64.StdEncoding.DecodeString(second); first != "given" || err != nil || len(raw) != AccountKeyBytes {
		t.Errorf("complete: %q, %q", first, second)
	}
	old := second
	if err := all.Regenerate("key2"); err != nil || first != "given" || second == old {
		t.Errorf("regenerate: %v, %q, %q", err, first, second)
	}
	err := all.Regenerate("key3")
	if !fault.Is(err, fault.Invalid) || err.Error() != "key key3: is not one of key1 and key2" {
		t.Error(err)
	}
}

func TestReadProperties(t *testing.T) {
	type properties struct{ Name string }
	if p, err := ReadProperties[properties]("account", nil); err != nil || p.Name != "" {
		t.Error(p, err)
	}
	if p, err := ReadProperties[properties]("account", PropertiesJSON(properties{"n"})); err != nil || p.Name != "n" {
		t.Error(p, err)
	}
	if _, err := ReadProperties[properties]("account", json.RawMessage(`{`)); !fault.Is(err, fault.Internal) {
		t.Error(err)
	}
}
