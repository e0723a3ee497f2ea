output "gateway_url" {
  value = azurerm_api_management.this.gateway_url
}

output "subscription_key" {
  value     = azurerm_api_management_subscription.this.primary_key
  sensitive = true
}
