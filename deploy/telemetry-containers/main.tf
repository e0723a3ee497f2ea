# The telemetry pipeline with its app as a container: Container Apps run it, and
# KEDA decides how many replicas by the hub's backlog.

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
  containers          = ["azure-webjobs-eventhub"]
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

# KEDA reads the backlog with a rule of its own.
resource "azurerm_eventhub_namespace_authorization_rule" "keda" {
  name                = "keda"
  namespace_name      = module.eventhub.name
  resource_group_name = module.resource_group.name
  listen              = true
  send                = false
  manage              = false
}

module "app" {
  source              = "../modules/container_app"
  name                = "${local.prefix}-app"
  location            = var.location
  resource_group_name = module.resource_group.name
  tags                = local.tags
  image               = var.image
  workspace_id        = module.insights.workspace_id
  settings = {
    APPLICATIONINSIGHTS_CONNECTION_STRING       = module.insights.connection_string
    AzureWebJobsStorage__accountName            = module.storage.name
    EventHubConnection__fullyQualifiedNamespace = module.eventhub.host
    EventHubConnection__credential              = "managedidentity"
    CosmosDBConnection__accountEndpoint         = module.cosmosdb.endpoint
    CosmosDBConnection__credential              = "managedidentity"
  }
  roles = {
    hubs    = { scope = module.eventhub.id, role = "Azure Event Hubs Data Receiver" }
    storage = { scope = module.storage.id, role = "Storage Blob Data Owner" }
  }
  scale = {
    namespace         = module.eventhub.name
    hub               = "telemetry_events"
    consumer_group    = "$Default"
    connection_string = "${azurerm_eventhub_namespace_authorization_rule.keda.primary_connection_string};EntityPath=telemetry_events"
    checkpoints       = { account = module.storage.name, container = "azure-webjobs-eventhub" }
  }
}

resource "azurerm_cosmosdb_sql_role_assignment" "app" {
  resource_group_name = module.resource_group.name
  account_name        = module.cosmosdb.name
  role_definition_id  = "${module.cosmosdb.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002"
  principal_id        = module.app.principal_id
  scope               = module.cosmosdb.id
}
