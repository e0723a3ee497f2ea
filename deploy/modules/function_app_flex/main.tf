# A function app on the Flex Consumption plan: instances by the function, memory as
# you choose, code from a container of blobs.
resource "azurerm_service_plan" "this" {
  name                = "${var.name}-plan"
  location            = var.location
  resource_group_name = var.resource_group_name
  os_type             = "Linux"
  sku_name            = "FC1"
  tags                = var.tags
}

data "archive_file" "code" {
  type        = "zip"
  source_dir  = var.code
  output_path = "${path.root}/.terraform/${var.name}.zip"
  excludes    = ["__pycache__", "*.pyc", ".venv", "local.settings.json"]
}

# Who puts the code there and fetches it. The app's own identity begins with the app,
# and the code goes to the container before anybody could give it a role.
resource "azurerm_user_assigned_identity" "deployment" {
  name                = "${var.name}-deployment"
  location            = var.location
  resource_group_name = var.resource_group_name
  tags                = var.tags
}

resource "azurerm_role_assignment" "deployment" {
  scope                = var.storage.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.deployment.principal_id
}

resource "azurerm_function_app_flex_consumption" "this" {
  name                              = var.name
  location                          = var.location
  resource_group_name               = var.resource_group_name
  service_plan_id                   = azurerm_service_plan.this.id
  storage_container_type            = "blobContainer"
  storage_container_endpoint        = "${var.storage.blob_endpoint}${var.storage.container}"
  storage_authentication_type       = "UserAssignedIdentity"
  storage_user_assigned_identity_id = azurerm_user_assigned_identity.deployment.id
  runtime_name                      = var.runtime.name
  runtime_version                   = var.runtime.version
  maximum_instance_count            = var.maximum_instances
  instance_memory_in_mb             = var.memory_mb
  zip_deploy_file                   = data.archive_file.code.output_path
  https_only                        = true
  identity {
    type         = "SystemAssigned, UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.deployment.id]
  }
  site_config {
    application_insights_connection_string = var.insights_connection_string
  }
  app_settings = merge(local.state, var.settings)
  tags         = var.tags
  depends_on   = [azurerm_role_assignment.deployment]
}

data "azurerm_function_app_host_keys" "this" {
  name                = azurerm_function_app_flex_consumption.this.name
  resource_group_name = var.resource_group_name
}

locals {
  # The app's own state, by its identity. The provider sets AzureWebJobsStorage to a
  # connection string without a key, and hides what is set in its place: written in
  # capitals it is taken, and the next plan is empty. That the host takes the name so is
  # seen here; on Azure it was not tried.
  state = {
    AZUREWEBJOBSSTORAGE              = ""
    AzureWebJobsStorage__accountName = var.storage.name
  }
  principal = azurerm_function_app_flex_consumption.this.identity[0].principal_id
}

# What the app may do, and no key anywhere.
resource "azurerm_role_assignment" "this" {
  for_each             = var.roles
  scope                = each.value.scope
  role_definition_name = each.value.role
  principal_id         = local.principal
}

resource "azurerm_cosmosdb_sql_role_assignment" "documents" {
  for_each            = var.cosmos_account == null ? {} : { this = var.cosmos_account }
  resource_group_name = var.resource_group_name
  account_name        = each.value.name
  role_definition_id  = "${each.value.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002" # Data Contributor
  principal_id        = local.principal
  scope               = each.value.id
}

# It keeps its own state in the storage account.
resource "azurerm_role_assignment" "storage" {
  scope                = var.storage.id
  role_definition_name = "Storage Blob Data Owner"
  principal_id         = local.principal
}
