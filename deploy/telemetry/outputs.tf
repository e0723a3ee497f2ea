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
  value = local.host
}

output "gateway_url" {
  value = module.apim.gateway_url
}

output "subscription_key" {
  value     = module.apim.subscription_key
  sensitive = true
}
