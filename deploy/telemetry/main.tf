# The telemetry pipeline of examples/telemetry-python: devices send to an event
# hub, an app stores documents and watches their changes, a gateway stands before
# its HTTP functions.

locals {
  prefix  = "${var.project}-${var.environment}"
  storage = replace("${local.prefix}sa", "-", "")
  tags    = { Environment = var.environment, Project = var.project, ManagedBy = "OpenTofu" }
}

# Who runs this may send events from a shell.
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
  containers          = ["deployments"]
}

module "eventhub" {
  source              = "../modules/eventhub"
  name                = "${local.prefix}-evhns"
  location            = var.location
  resource_group_name = module.resource_group.name
  tags                = local.tags
  hubs = {
    telemetry_events = { partitions = 2, consumer_groups = ["dashboard"] }
    device_events    = { partitions = 2 }
  }
}

resource "azurerm_role_assignment" "me_hubs" {
  scope                = module.eventhub.id
  role_definition_name = "Azure Event Hubs Data Sender"
  principal_id         = data.azurerm_client_config.me.object_id
}

module "cosmosdb" {
  source              = "../modules/cosmosdb"
  name                = "${local.prefix}-cosmos"
  location            = var.location
  resource_group_name = module.resource_group.name
  tags                = local.tags
  database            = "serverless_db"
  containers = {
    devices = { partition_key = "/deviceId" }
    events  = { partition_key = "/deviceId" }
    leases  = { partition_key = "/id" }
  }
}

module "consumption" {
  count                      = var.plan == "consumption" ? 1 : 0
  source                     = "../modules/function_app"
  name                       = "${local.prefix}-func"
  location                   = var.location
  resource_group_name        = module.resource_group.name
  tags                       = local.tags
  code                       = "${path.root}/../../examples/telemetry-python/app"
  insights_connection_string = module.insights.connection_string
  storage                    = { id = module.storage.id, name = module.storage.name }
  cosmos_account             = { id = module.cosmosdb.id, name = module.cosmosdb.name }
  roles                      = local.roles
  settings                   = local.settings
}

module "flex" {
  count                      = var.plan == "flex" ? 1 : 0
  source                     = "../modules/function_app_flex"
  name                       = "${local.prefix}-func"
  location                   = var.location
  resource_group_name        = module.resource_group.name
  tags                       = local.tags
  code                       = "${path.root}/../../examples/telemetry-python/app"
  insights_connection_string = module.insights.connection_string
  storage = {
    id = module.storage.id, name = module.storage.name, container = "deployments", blob_endpoint = module.storage.blob_endpoint
  }
  cosmos_account = { id = module.cosmosdb.id, name = module.cosmosdb.name }
  roles          = local.roles
  settings       = local.settings
}

locals {
  roles = { hubs = { scope = module.eventhub.id, role = "Azure Event Hubs Data Receiver" } }
  settings = {
    EventHubConnection__fullyQualifiedNamespace = module.eventhub.host
    EventHubConnection__credential              = "managedidentity"
    CosmosDBConnection__accountEndpoint         = module.cosmosdb.endpoint
    CosmosDBConnection__credential              = "managedidentity"
  }
  # Each for itself: the whole module would be secret, as its key is.
  host = one(concat(module.consumption[*].host, module.flex[*].host))
  key  = one(concat(module.consumption[*].key, module.flex[*].key))
}

module "apim" {
  source              = "../modules/apim"
  name                = "${local.prefix}-apim"
  location            = var.location
  resource_group_name = module.resource_group.name
  tags                = local.tags
  function_app        = { host = local.host, key = local.key }
  operations = {
    health        = { method = "GET", url = "/health" }
    process-event = { method = "POST", url = "/process-event" }
  }
}
