"""Python's management clients as they are: they know management.azure.com, and
nothing of Lazuli."""

import os
import unittest

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.mgmt.apimanagement import ApiManagementClient
from azure.mgmt.cosmosdb import CosmosDBManagementClient
from azure.mgmt.eventhub import EventHubManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.mgmt.web import WebSiteManagementClient

WHERE = {"location": "koreacentral"}


def client(of):
    return of(DefaultAzureCredential(), os.environ["AZURE_SUBSCRIPTION_ID"])


class Group:
    """A resource group for the length of a test."""

    def __init__(self, name):
        self.name, self.manager = name, client(ResourceManagementClient)

    def __enter__(self):
        self.manager.resource_groups.create_or_update(self.name, WHERE)
        return self.name

    def __exit__(self, *_):
        self.manager.resource_groups.begin_delete(self.name).result()
        assert not self.manager.resource_groups.check_existence(self.name)


class ManagementTest(unittest.TestCase):
    def test_groups(self):
        manager = client(ResourceManagementClient)
        with Group("py-groups") as group:
            manager.resource_groups.update(group, {"tags": {"env": "dev"}})
            self.assertEqual(manager.resource_groups.get(group).tags, {"env": "dev"})
            self.assertIn(group, [g.name for g in manager.resource_groups.list(filter="tagName eq 'env' and tagValue eq 'dev'")])
            self.assertEqual(list(manager.resources.list_by_resource_group(group)), [])
        with self.assertRaises(ResourceNotFoundError) as gone:
            manager.resource_groups.get("py-groups")
        self.assertEqual(gone.exception.error.code, "ResourceGroupNotFound")

    def test_event_hubs(self):
        hubs = client(EventHubManagementClient)
        with Group("py-hubs") as group:
            made = hubs.namespaces.begin_create_or_update(group, "py-evhns", {**WHERE, "sku": {"name": "Standard", "tier": "Standard"}}).result()
            self.assertEqual(made.provisioning_state, "Succeeded")
            hub = hubs.event_hubs.create_or_update(group, "py-evhns", "telemetry", {"properties": {"partitionCount": 3, "messageRetentionInDays": 1}})
            self.assertEqual((hub.partition_ids, hub.status), (["0", "1", "2"], "Active"))
            hubs.consumer_groups.create_or_update(group, "py-evhns", "telemetry", "dashboard", {"properties": {"userMetadata": "m"}})
            self.assertEqual({g.name for g in hubs.consumer_groups.list_by_event_hub(group, "py-evhns", "telemetry")}, {"$Default", "dashboard"})
            hubs.namespaces.create_or_update_authorization_rule(group, "py-evhns", "app", {"properties": {"rights": ["Listen", "Send"]}})
            keys = hubs.namespaces.list_keys(group, "py-evhns", "app")
            self.assertTrue(keys.primary_connection_string.startswith("Endpoint=sb://py-evhns.servicebus.windows.net/;SharedAccessKeyName=app;"))
            with self.assertRaises(HttpResponseError) as refused:
                hubs.event_hubs.create_or_update(group, "py-evhns", "none", {"properties": {"partitionCount": 0}})
            self.assertEqual(refused.exception.status_code, 400)

    def test_cosmos(self):
        cosmos = client(CosmosDBManagementClient)
        with Group("py-cosmos") as group:
            account = cosmos.database_accounts.begin_create_or_update(group, "py-cosmos-account", {
                **WHERE, "properties": {"locations": [{"locationName": "koreacentral", "failoverPriority": 0}], "databaseAccountOfferType": "Standard"},
            }).result()
            self.assertEqual(account.document_endpoint, "https://py-cosmos-account.documents.azure.com:443/")
            cosmos.sql_resources.begin_create_update_sql_database(group, "py-cosmos-account", "db", {"properties": {"resource": {"id": "db"}, "options": {"throughput": 400}}}).result()
            made = cosmos.sql_resources.begin_create_update_sql_container(group, "py-cosmos-account", "db", "events", {
                "properties": {"resource": {"id": "events", "partitionKey": {"paths": ["/deviceId"], "kind": "Hash"}, "defaultTtl": 60}, "options": {}},
            }).result()
            self.assertEqual((made.resource.partition_key.paths, made.resource.default_ttl), (["/deviceId"], 60))
            self.assertEqual([c.name for c in cosmos.sql_resources.list_sql_containers(group, "py-cosmos-account", "db")], ["events"])
            self.assertTrue(cosmos.database_accounts.list_keys(group, "py-cosmos-account").primary_master_key)
            offer = cosmos.sql_resources.get_sql_database_throughput(group, "py-cosmos-account", "db")
            self.assertEqual(offer.resource.throughput, 400)

    def test_storage(self):
        storage = client(StorageManagementClient)
        with Group("py-storage") as group:
            self.assertTrue(storage.storage_accounts.check_name_availability({"name": "pymgmtstorage"}).name_available)
            account = storage.storage_accounts.begin_create(group, "pymgmtstorage", {**WHERE, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}).result()
            self.assertEqual(account.primary_endpoints.blob, "https://pymgmtstorage.blob.core.windows.net/")
            storage.blob_containers.create(group, "pymgmtstorage", "deployments", {})
            self.assertEqual([c.name for c in storage.blob_containers.list(group, "pymgmtstorage")], ["deployments"])
            self.assertEqual([k.key_name for k in storage.storage_accounts.list_keys(group, "pymgmtstorage").keys_property], ["key1", "key2"])

    def test_function_app(self):
        web = client(WebSiteManagementClient)
        with Group("py-web") as group:
            plan = web.app_service_plans.begin_create_or_update(group, "py-plan", {**WHERE, "kind": "functionapp", "sku": {"name": "Y1", "tier": "Dynamic"}, "properties": {"reserved": True}}).result()
            identity = client(ManagedServiceIdentityClient).user_assigned_identities.create_or_update(group, "py-identity", WHERE)
            site = web.web_apps.begin_create_or_update(group, "py-func", {
                **WHERE, "kind": "functionapp,linux",
                "identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {identity.id: {}}},
                "properties": {"serverFarmId": plan.id, "siteConfig": {"linuxFxVersion": "Python|3.11", "appSettings": [{"name": "FUNCTIONS_WORKER_RUNTIME", "value": "python"}]}},
            }).result()
            self.assertEqual((site.default_host_name, site.state), ("py-func.azurewebsites.net", "Running"))
            self.assertTrue(site.identity.principal_id)
            settings = web.web_apps.list_application_settings(group, "py-func").properties
            self.assertEqual(settings["FUNCTIONS_WORKER_RUNTIME"], "python")
            web.web_apps.update_application_settings(group, "py-func", {"properties": {**settings, "MARK": "here"}})
            self.assertEqual(web.web_apps.list_application_settings(group, "py-func").properties["MARK"], "here")
            self.assertTrue(web.web_apps.list_host_keys(group, "py-func").master_key)
            web.web_apps.restart(group, "py-func")
            web.web_apps.delete(group, "py-func")

    def test_api_management(self):
        apim = client(ApiManagementClient)
        with Group("py-apim") as group:
            service = apim.api_management_service.begin_create_or_update(group, "py-apim-service", {
                **WHERE, "sku": {"name": "Consumption", "capacity": 0}, "properties": {"publisherName": "me", "publisherEmail": "me@example.com"},
            }).result()
            self.assertEqual(service.gateway_url, "https://py-apim-service.azure-api.net")
            apim.api.begin_create_or_update(group, "py-apim-service", "shop", {
                "properties": {"displayName": "Shop", "path": "shop", "protocols": ["https"], "serviceUrl": "https://example.com"},
            }).result()
            apim.api_operation.create_or_update(group, "py-apim-service", "shop", "list", {"properties": {"displayName": "List", "method": "GET", "urlTemplate": "/orders"}})
            text = '<policies><inbound><base /><set-variable name="x" value="@(1 &lt; 2)" /></inbound></policies>'
            apim.api_policy.create_or_update(group, "py-apim-service", "shop", "policy", {"properties": {"format": "xml", "value": text}})
            self.assertEqual(apim.api_policy.get(group, "py-apim-service", "shop", "policy", format="xml").value, text)
            self.assertEqual([a.name for a in apim.api.list_by_service(group, "py-apim-service")], ["shop"])
            keys = apim.subscription.list_secrets(group, "py-apim-service", "master")
            self.assertTrue(keys.primary_key)
            with self.assertRaises(HttpResponseError) as refused:
                apim.api_policy.create_or_update(group, "py-apim-service", "shop", "policy", {"properties": {"format": "rawxml", "value": "<policies><inbound><no-such /></inbound></policies>"}})
            self.assertEqual(refused.exception.error.details[0].target, "no-such")
