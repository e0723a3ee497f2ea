output "id" {
  value = azurerm_function_app_flex_consumption.this.id
}

output "name" {
  value = azurerm_function_app_flex_consumption.this.name
}

output "host" {
  value = azurerm_function_app_flex_consumption.this.default_hostname
}

output "principal_id" {
  value = local.principal
}

output "key" {
  value     = data.azurerm_function_app_host_keys.this.default_function_key
  sensitive = true
}
