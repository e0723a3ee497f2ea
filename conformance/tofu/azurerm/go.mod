// The azurerm provider, pinned: scripts/tofu builds it from a copy of its source.
module github.com/lazuli-dev/lazuli/conformance/tofu/azurerm

go 1.26

require github.com/hashicorp/terraform-provider-azurerm v1.44.1-0.20260824201233-fae580791926 // indirect
