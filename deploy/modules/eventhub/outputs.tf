output "id" {
  value = azurerm_eventhub_namespace.this.id
}

output "name" {
  value = azurerm_eventhub_namespace.this.name
}

output "host" {
  value = "${azurerm_eventhub_namespace.this.name}.servicebus.windows.net"
}

output "hub_ids" {
  value = { for name, hub in azurerm_eventhub.this : name => hub.id }
}
