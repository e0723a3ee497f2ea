resource "azurerm_eventhub_namespace" "this" {
  name                = var.name
  location            = var.location
  resource_group_name = var.resource_group_name
  sku                 = "Standard"
  capacity            = var.capacity
  minimum_tls_version = "1.2"
  tags                = var.tags
}

resource "azurerm_eventhub" "this" {
  for_each          = var.hubs
  name              = each.key
  namespace_id      = azurerm_eventhub_namespace.this.id
  partition_count   = each.value.partitions
  message_retention = each.value.retention_days
}

resource "azurerm_eventhub_consumer_group" "this" {
  for_each = merge([
    for hub, h in var.hubs : { for group in h.consumer_groups : "${hub}/${group}" => { hub = hub, group = group } }
  ]...)
  name                = each.value.group
  namespace_name      = azurerm_eventhub_namespace.this.name
  eventhub_name       = azurerm_eventhub.this[each.value.hub].name
  resource_group_name = var.resource_group_name
}
