# The solar monitor of examples/solar: a timer asks for weather and output of all
# plants, Stream Analytics judges them in windows of ten seconds, alarms call a
# function back.

locals {
  prefix  = "${var.project}-${var.environment}"
  storage = replace("${local.prefix}sa", "-", "")
  tags    = { Environment = var.environment, Project = var.project, ManagedBy = "OpenTofu" }
}

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
  hubs                = { solar_telemetry = { partitions = 4, consumer_groups = ["stream"] } }
}

module "cosmosdb" {
  source              = "../modules/cosmosdb"
  name                = "${local.prefix}-cosmos"
  location            = var.location
  resource_group_name = module.resource_group.name
  tags                = local.tags
  database            = "solar_db"
  containers = {
    solar_metrics = { partition_key = "/region", default_ttl = 86400 }
    solar_alerts  = { partition_key = "/region", default_ttl = 604800 }
  }
}

module "app" {
  source                     = "../modules/function_app_flex"
  name                       = "${local.prefix}-func"
  location                   = var.location
  resource_group_name        = module.resource_group.name
  tags                       = local.tags
  code                       = var.code
  runtime                    = { name = "custom", version = "1.0" }
  insights_connection_string = module.insights.connection_string
  storage = {
    id = module.storage.id, name = module.storage.name, container = "deployments", blob_endpoint = module.storage.blob_endpoint
  }
  roles = { hubs = { scope = module.eventhub.id, role = "Azure Event Hubs Data Sender" } }
  settings = {
    EventHubConnection__fullyQualifiedNamespace = module.eventhub.host
    EventHubConnection__credential              = "managedidentity"
    POLL_SCHEDULE                               = "*/10 * * * * *"
    WEATHER_API_URL                             = var.weather_api_url
  }
}

module "job" {
  source              = "../modules/stream_analytics"
  name                = "${local.prefix}-job"
  location            = var.location
  resource_group_name = module.resource_group.name
  tags                = local.tags
  query               = file("${path.root}/../../examples/solar/solar.asaql")
  namespace           = { id = module.eventhub.id, name = module.eventhub.name }
  inputs              = { solar_telemetry = { hub = "solar_telemetry", consumer_group = "stream" } }
  cosmos              = { id = module.cosmosdb.id, key = module.cosmosdb.primary_key, database = "solar_db" }
  container_outputs = {
    solar_metrics = { container = "solar_metrics", partition_key = "region" }
    solar_alerts  = { container = "solar_alerts", partition_key = "region" }
  }
  function_outputs = { alert = { app = module.app.name, function = "alert", key = module.app.key } }
}
