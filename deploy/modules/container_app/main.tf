# The same app as a container, which KEDA scales by the backlog of an event hub.
resource "azurerm_user_assigned_identity" "this" {
  name                = "${var.name}-identity"
  location            = var.location
  resource_group_name = var.resource_group_name
  tags                = var.tags
}

resource "azurerm_container_app_environment" "this" {
  name                       = "${var.name}-env"
  location                   = var.location
  resource_group_name        = var.resource_group_name
  logs_destination           = "log-analytics"
  log_analytics_workspace_id = var.workspace_id
  tags                       = var.tags
}

resource "azurerm_container_app" "this" {
  name                         = var.name
  resource_group_name          = var.resource_group_name
  container_app_environment_id = azurerm_container_app_environment.this.id
  revision_mode                = "Single"
  tags                         = var.tags
  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.this.id]
  }
  template {
    min_replicas = 0
    max_replicas = var.maximum_replicas
    container {
      name   = "app"
      image  = var.image
      cpu    = 0.5
      memory = "1Gi"
      dynamic "env" {
        for_each = merge({ AZURE_CLIENT_ID = azurerm_user_assigned_identity.this.client_id }, var.settings)
        content {
          name  = env.key
          value = env.value
        }
      }
    }
    custom_scale_rule {
      name             = "backlog"
      custom_rule_type = "azure-eventhub"
      metadata = {
        eventHubNamespace         = var.scale.namespace
        eventHubName              = var.scale.hub
        consumerGroup             = var.scale.consumer_group
        storageAccountName        = var.scale.checkpoints.account
        blobContainer             = var.scale.checkpoints.container
        checkpointStrategy        = "blobMetadata"
        unprocessedEventThreshold = tostring(var.scale.events_per_replica)
      }
      # Where the provider has no identity for scale rules yet, a secret with a
      # connection string takes its place.
      authentication {
        secret_name       = "hub"
        trigger_parameter = "connection"
      }
    }
  }
  secret {
    name  = "hub"
    value = var.scale.connection_string
  }
  ingress {
    external_enabled = true
    target_port      = 80
    traffic_weight {
      latest_revision = true
      percentage      = 100
    }
  }
}

resource "azurerm_role_assignment" "this" {
  for_each             = var.roles
  scope                = each.value.scope
  role_definition_name = each.value.role
  principal_id         = azurerm_user_assigned_identity.this.principal_id
}
