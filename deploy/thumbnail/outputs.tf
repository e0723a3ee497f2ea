output "resource_group" {
  value = module.resource_group.name
}

output "blob_endpoint" {
  value = module.storage.blob_endpoint
}
