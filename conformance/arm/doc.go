// Package arm has the proofs of Resource Manager by tools that we did not write:
// sdk, the management SDKs; and, under the build tag tofu, OpenTofu with the azurerm
// provider, run by scripts/tofu, and the replay of what it asked.
package arm
