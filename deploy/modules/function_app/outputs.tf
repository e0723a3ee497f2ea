output "id" {
  value = azurerm_linux_function_app.this.id
}

output "name" {
  value = azurerm_linux_function_app.this.name
}

output "host" {
  value = azurerm_linux_function_app.this.default_hostname
}

output "principal_id" {
  value = local.principal
}

output "key" {
  value     = data.azurerm_function_app_host_keys.this.default_function_key
  sensitive = true
}
