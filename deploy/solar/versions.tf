terraform {
  required_version = ">= 1.6"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0, < 5.0" # for 5.x: cp ../pins/azurerm_5_override.tf .
    }
    archive = {
      source  = "hashicorp/archive"
      version = ">= 2.4, < 3.0"
    }
  }
}

provider "azurerm" {
  storage_use_azuread = true # the accounts' keys open nothing
  features {
    resource_group {
      prevent_deletion_if_contains_resources = false
    }
  }
}
