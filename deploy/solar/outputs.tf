output "resource_group" {
  value = module.resource_group.name
}

output "eventhub_host" {
  value = module.eventhub.host
}

output "cosmos_endpoint" {
  value = module.cosmosdb.endpoint
}

output "function_app_host" {
  value = module.app.host
}
