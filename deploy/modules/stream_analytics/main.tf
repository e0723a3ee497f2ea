# A job from event hubs to containers, and to functions.
resource "azurerm_stream_analytics_job" "this" {
  name                                     = var.name
  location                                 = var.location
  resource_group_name                      = var.resource_group_name
  compatibility_level                      = "1.2"
  streaming_units                          = var.streaming_units
  events_late_arrival_max_delay_in_seconds = 5
  events_out_of_order_max_delay_in_seconds = 0
  events_out_of_order_policy               = "Adjust"
  output_error_policy                      = "Drop"
  transformation_query                     = var.query
  tags                                     = var.tags
  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_role_assignment" "hubs" {
  scope                = var.namespace.id
  role_definition_name = "Azure Event Hubs Data Receiver"
  principal_id         = azurerm_stream_analytics_job.this.identity[0].principal_id
}

resource "azurerm_stream_analytics_stream_input_eventhub_v2" "this" {
  for_each                     = var.inputs
  name                         = each.key
  stream_analytics_job_id      = azurerm_stream_analytics_job.this.id
  servicebus_namespace         = var.namespace.name
  eventhub_name                = each.value.hub
  eventhub_consumer_group_name = each.value.consumer_group
  authentication_mode          = "Msi"
  serialization {
    type     = "Json"
    encoding = "UTF8"
  }
}

resource "azurerm_stream_analytics_output_cosmosdb" "this" {
  for_each                 = var.container_outputs
  name                     = each.key
  stream_analytics_job_id  = azurerm_stream_analytics_job.this.id
  cosmosdb_account_key     = var.cosmos.key
  cosmosdb_sql_database_id = "${var.cosmos.id}/sqlDatabases/${var.cosmos.database}"
  container_name           = each.value.container
  document_id              = "id"
  partition_key            = each.value.partition_key
}

resource "azurerm_stream_analytics_output_function" "this" {
  for_each                  = var.function_outputs
  name                      = each.key
  stream_analytics_job_name = azurerm_stream_analytics_job.this.name
  resource_group_name       = var.resource_group_name
  function_app              = each.value.app
  function_name             = each.value.function
  api_key                   = each.value.key
}

# Started when everything is there.
resource "azurerm_stream_analytics_job_schedule" "this" {
  stream_analytics_job_id = azurerm_stream_analytics_job.this.id
  start_mode              = "JobStartTime"
  depends_on = [
    azurerm_role_assignment.hubs,
    azurerm_stream_analytics_stream_input_eventhub_v2.this,
    azurerm_stream_analytics_output_cosmosdb.this,
    azurerm_stream_analytics_output_function.this,
  ]
}
