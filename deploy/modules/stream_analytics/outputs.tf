output "id" {
  value = azurerm_stream_analytics_job.this.id
}

output "principal_id" {
  value = azurerm_stream_analytics_job.this.identity[0].principal_id
}
