# The thumbnails of examples/thumbnail-python: a picture that comes to one
# container gets a small copy in another.

locals {
  prefix  = "${var.project}-${var.environment}"
  storage = replace("${local.prefix}sa", "-", "")
  tags    = { Environment = var.environment, Project = var.project, ManagedBy = "OpenTofu" }
}

# Who runs this may upload pictures from a shell.
data "azurerm_client_config" "me" {}

module "resource_group" {
  source   = "../modules/resource_group"
  name     = "${local.prefix}-rg"
  location = var.location
  tags     = local.tags
}

module "insights" {
  source              = "../modules/insights"
  name                = local.prefix
  location            = var.location
  resource_group_name = module.resource_group.name
  tags                = local.tags
}

module "storage" {
  source              = "../modules/storage"
  name                = local.storage
  location            = var.location
  resource_group_name = module.resource_group.name
  tags                = local.tags
  containers          = ["deployments", "samples-workers", "thumbnails"]
}

resource "azurerm_role_assignment" "me_blobs" {
  scope                = module.storage.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = data.azurerm_client_config.me.object_id
}

module "app" {
  source                     = "../modules/function_app_flex"
  name                       = "${local.prefix}-func"
  location                   = var.location
  resource_group_name        = module.resource_group.name
  tags                       = local.tags
  code                       = "${path.root}/../../examples/thumbnail-python/app"
  insights_connection_string = module.insights.connection_string
  storage = {
    id = module.storage.id, name = module.storage.name, container = "deployments", blob_endpoint = module.storage.blob_endpoint
  }
  roles = { queues = { scope = module.storage.id, role = "Storage Queue Data Contributor" } }
  settings = {
    STORAGE_CONNECTION_STRING__blobServiceUri  = module.storage.blob_endpoint
    STORAGE_CONNECTION_STRING__queueServiceUri = replace(module.storage.blob_endpoint, ".blob.", ".queue.")
    STORAGE_CONNECTION_STRING__credential      = "managedidentity"
    TARGET_CONTAINER_NAME                      = "thumbnails"
  }
}
