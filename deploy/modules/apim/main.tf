# A gateway before the app's HTTP functions: callers have a subscription key, and
# the gateway has the app's.
resource "azurerm_api_management" "this" {
  name                = var.name
  location            = var.location
  resource_group_name = var.resource_group_name
  publisher_name      = var.publisher.name
  publisher_email     = var.publisher.email
  sku_name            = "Consumption_0"
  tags                = var.tags
}

resource "azurerm_api_management_named_value" "key" {
  name                = "function-key"
  display_name        = "function-key"
  api_management_name = azurerm_api_management.this.name
  resource_group_name = var.resource_group_name
  secret              = true
  value               = var.function_app.key
}

resource "azurerm_api_management_api" "this" {
  name                  = "functions"
  api_management_name   = azurerm_api_management.this.name
  resource_group_name   = var.resource_group_name
  revision              = "1"
  display_name          = "Functions"
  path                  = "api"
  protocols             = ["https"]
  service_url           = "https://${var.function_app.host}/api"
  subscription_required = true
}

resource "azurerm_api_management_api_operation" "this" {
  for_each            = var.operations
  operation_id        = each.key
  api_name            = azurerm_api_management_api.this.name
  api_management_name = azurerm_api_management.this.name
  resource_group_name = var.resource_group_name
  display_name        = each.key
  method              = each.value.method
  url_template        = each.value.url
}

resource "azurerm_api_management_api_policy" "this" {
  api_name            = azurerm_api_management_api.this.name
  api_management_name = azurerm_api_management.this.name
  resource_group_name = var.resource_group_name
  xml_content         = <<-XML
    <policies>
      <inbound>
        <base />
        <rate-limit calls="${var.calls_per_minute}" renewal-period="60" />
        <set-header name="x-functions-key" exists-action="override">
          <value>{{${azurerm_api_management_named_value.key.display_name}}}</value>
        </set-header>
      </inbound>
      <backend>
        <base />
      </backend>
      <outbound>
        <base />
      </outbound>
      <on-error>
        <base />
      </on-error>
    </policies>
  XML
}

resource "azurerm_api_management_subscription" "this" {
  api_management_name = azurerm_api_management.this.name
  resource_group_name = var.resource_group_name
  display_name        = "clients"
  api_id              = trimsuffix(azurerm_api_management_api.this.id, ";rev=1")
  state               = "active"
  allow_tracing       = false
}
