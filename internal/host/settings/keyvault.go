package settings

import (
	"sort"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// keyVaultPrefix is how a setting begins that means a secret of a Key Vault:
// @Microsoft.KeyVault(SecretUri=https://VAULT.vault.azure.net/secrets/NAME), or
// (VaultName=VAULT;SecretName=NAME).
const keyVaultPrefix = "@microsoft.keyvault("

// IsVaultReference reports whether a value means a secret of a Key Vault instead of
// itself.
func IsVaultReference(value string) bool {
	value = strings.TrimSpace(value)
	return len(value) >= len(keyVaultPrefix) && strings.EqualFold(value[:len(keyVaultPrefix)], keyVaultPrefix)
}

// VaultReference refuses a setting that means a secret of a Key Vault: there is none
// here. The error is nil for all others.
func VaultReference(name, value string) error {
	if !IsVaultReference(value) {
		return nil
	}
	return fault.New(fault.Invalid, "setting "+name, "it is a Key Vault reference (%s), and there is no Key Vault here; give %s the value itself, in %s or the environment",
		strings.TrimSpace(value), name, LocalFile)
}

// VaultReferences are the names of all settings that mean secrets of a Key Vault.
func (s *Settings) VaultReferences() []string {
	var names []string
	for _, v := range s.byKey {
		if IsVaultReference(v.value) {
			names = append(names, v.name)
		}
	}
	sort.Strings(names)
	return names
}
