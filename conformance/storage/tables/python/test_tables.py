import base64
import uuid
from datetime import datetime, timedelta, timezone

from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.core.exceptions import HttpResponseError
from azure.data.tables import (
    AccountSasPermissions,
    EdmType,
    EntityProperty,
    ResourceTypes,
    TableAccessPolicy,
    TableAnalyticsLogging,
    TableClient,
    TableRetentionPolicy,
    TableSasPermissions,
    TableServiceClient,
    TableTransactionError,
    UpdateMode,
    generate_account_sas,
    generate_table_sas,
)

from account import ACCOUNT, CREDENTIAL, ENDPOINT, KEY, AccountTest


def row(key, **rest):
    return {"PartitionKey": "p", "RowKey": key, **rest}


def soon():
    return datetime.now(timezone.utc) + timedelta(hours=1)


class Tables(AccountTest):
    def test_tables_live_and_die(self):
        table = self.fresh_table()
        self.refused(409, "TableAlreadyExists", self.service.create_table, table.table_name.upper())
        self.assertEqual(self.service.create_table_if_not_exists(table.table_name).table_name, table.table_name)
        found = [t.name for t in self.service.query_tables("TableName eq @name", parameters={"name": table.table_name})]
        self.assertEqual(found, [table.table_name])
        self.assertIn(table.table_name, [t.name for t in self.service.list_tables()])
        pages = [list(p) for p in self.service.list_tables(results_per_page=1).by_page()]
        self.assertTrue(all(len(p) <= 1 for p in pages))
        self.service.delete_table(table.table_name)
        self.service.delete_table(table.table_name)  # a missing one is deleted
        self.refused(404, "TableNotFound", table.get_entity, "p", "r")

    def test_every_type_comes_back(self):
        table = self.fresh_table()
        when = datetime(2024, 1, 31, 12, 0, 0, 123456, tzinfo=timezone.utc)
        entity = {
            "PartitionKey": "p'q é", "RowKey": "r (1), =%2F+", "text": 'O\'Neil "<é> 😀\n', "empty": "", "yes": True, "small": -7, "half": 0.5, "whole": 40.0,
            "big": EntityProperty(2**62, EdmType.INT64), "when": when, "who": uuid.UUID("c9da6455-213d-42c9-9a79-3e9149a57833"), "raw": b"\x00\xffa",
            "endless": float("inf"), "none": None,
        }
        made = table.create_entity(entity)
        got = table.get_entity(entity["PartitionKey"], entity["RowKey"])
        self.assertEqual(got.metadata["etag"], made["etag"])
        for name in ["PartitionKey", "RowKey", "text", "empty", "yes", "small", "half", "whole", "when", "who", "raw", "endless"]:
            self.assertEqual(got[name], entity[name], name)
        self.assertIs(type(got["whole"]), float)
        self.assertEqual(got["big"].value, 2**62)
        self.assertNotIn("none", got)
        self.assertEqual(set(table.get_entity(entity["PartitionKey"], entity["RowKey"], select=["small"])), {"small"})

    def test_entities_live_and_die(self):
        table = self.fresh_table()
        first = table.create_entity(row("1", a=1, b=2))
        self.refused(409, "EntityAlreadyExists", table.create_entity, row("1"))
        table.update_entity(row("1", a=9), mode=UpdateMode.MERGE)
        self.assertEqual(table.get_entity("p", "1")["b"], 2)
        stale = {"etag": first["etag"], "match_condition": MatchConditions.IfNotModified}
        self.refused(412, "UpdateConditionNotSatisfied", table.update_entity, row("1"), mode=UpdateMode.REPLACE, **stale)
        now = {"etag": table.get_entity("p", "1").metadata["etag"], "match_condition": MatchConditions.IfNotModified}
        table.update_entity(row("1", c=3), mode=UpdateMode.REPLACE, **now)
        self.assertNotIn("a", table.get_entity("p", "1"))
        self.refused(404, "ResourceNotFound", table.update_entity, row("none"))
        table.upsert_entity(row("2", a=1))
        table.upsert_entity(row("2", b=2))
        self.assertEqual(table.get_entity("p", "2")["a"], 1)
        table.upsert_entity(row("2", c=3), mode=UpdateMode.REPLACE)
        self.assertNotIn("a", table.get_entity("p", "2"))
        self.refused(412, "UpdateConditionNotSatisfied", table.delete_entity, "p", "1", **now)
        table.delete_entity("p", "1")
        table.delete_entity("p", "1")  # a missing one is deleted
        self.refused(404, "ResourceNotFound", table.get_entity, "p", "1")
        self.refused(400, "PropertyNameInvalid", table.upsert_entity, row("3", **{"a-b": 1}))

    def test_queries(self):
        table = self.fresh_table()
        table.submit_transaction([("create", row(f"{i:02}", n=i, long=EntityProperty(i, EdmType.INT64), odd=i % 2 == 1)) for i in range(25)])
        rows = lambda text, **p: [e["RowKey"] for e in table.query_entities(text, parameters=p)]
        self.assertEqual(len(list(table.list_entities())), 25)
        self.assertEqual(rows("PartitionKey eq @p and RowKey gt @r", p="p", r="22"), ["23", "24"])
        self.assertEqual(rows("n ge @n and odd eq @odd", n=23, odd=True), ["23"])
        self.assertEqual(rows("long gt 22L"), ["23", "24"])
        self.assertEqual(rows("not (n lt 24) or RowKey eq '05'"), ["05", "24"])
        self.assertEqual([len(list(p)) for p in table.list_entities(results_per_page=10).by_page()], [10, 10, 5])
        self.assertEqual([set(e) for e in table.query_entities("n eq 1", select=["n"])], [{"n"}])
        self.refused(400, "InvalidInput", table.query_entities, "n eq")
        self.refused(501, "NotImplemented", table.query_entities, "startswith(RowKey, '0')")

    def test_transactions(self):
        table = self.fresh_table()
        table.create_entity(row("old", a=1, b=2))
        table.create_entity(row("dead"))
        done = table.submit_transaction([
            ("create", row("new")), ("update", row("old", a=9), {"mode": "merge"}), ("upsert", row("up"), {"mode": "replace"}), ("delete", row("dead")),
        ])
        self.assertEqual(len(done), 4)
        self.assertTrue(done[0]["etag"].startswith("W/"))
        self.assertEqual(table.get_entity("p", "old")["b"], 2)
        with self.assertRaises(TableTransactionError) as caught:
            table.submit_transaction([("create", row("x")), ("create", row("old"))])
        self.assertEqual((caught.exception.index, caught.exception.error_code), (1, "EntityAlreadyExists"))
        self.refused(404, "ResourceNotFound", table.get_entity, "p", "x")
        with self.assertRaises(TableTransactionError) as caught:
            table.submit_transaction([("create", row("x")), ("upsert", row("x"))])
        self.assertEqual(caught.exception.error_code, "InvalidDuplicateRow")

    def test_policies_and_signatures(self):
        table = self.fresh_table()
        table.create_entity(row("1"))
        table.set_table_access_policy({"readers": TableAccessPolicy(expiry=soon(), permission="r"), "none": None})
        got = table.get_table_access_policy()
        self.assertEqual(got["readers"].permission, "r")
        named = AzureSasCredential(generate_table_sas(CREDENTIAL, table.table_name, policy_id="readers"))
        with TableClient(ENDPOINT, table.table_name, credential=named, retry_total=0) as reader:
            self.assertEqual(reader.get_entity("p", "1")["RowKey"], "1")
            self.refused(403, "AuthorizationPermissionMismatch", reader.create_entity, row("2"))
        own = AzureSasCredential(generate_table_sas(CREDENTIAL, table.table_name, permission=TableSasPermissions(read=True, add=True), expiry=soon(), start_pk="p", end_pk="q"))
        with TableClient(ENDPOINT, table.table_name, credential=own, retry_total=0) as writer:
            writer.create_entity(row("2"))
            self.refused(403, "AuthorizationFailure", writer.create_entity, {"PartitionKey": "z", "RowKey": "1"})
        account = AzureSasCredential(generate_account_sas(CREDENTIAL, ResourceTypes(service=True, container=True, object=True), AccountSasPermissions(read=True, list=True), soon()))
        with TableServiceClient(ENDPOINT, credential=account, retry_total=0) as lister:
            self.assertTrue(list(lister.list_tables()))
            self.refused(403, "AuthorizationPermissionMismatch", lister.create_table, "nope")

    def test_service_properties_and_statistics(self):
        self.service.set_service_properties(analytics_logging=TableAnalyticsLogging(read=True, retention_policy=TableRetentionPolicy(enabled=True, days=5)))
        got = self.service.get_service_properties()
        self.assertTrue(got["analytics_logging"].read)
        self.assertEqual(got["analytics_logging"].retention_policy.days, 5)
        # The client puts the secondary's path before the primary's where the account is in
        # the path: ACCOUNT-secondary/ACCOUNT, at which there is nothing.
        self.refused(400, "InvalidQueryParameterValue", self.service.get_service_stats)
        with self.assertRaises(HttpResponseError):
            self.service.set_service_properties(analytics_logging=TableAnalyticsLogging(retention_policy=TableRetentionPolicy(enabled=True, days=500)))

    def test_connection_strings_and_keys(self):
        table = self.fresh_table()
        text = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};TableEndpoint={ENDPOINT};"
        with TableClient.from_connection_string(text, table.table_name) as client:
            client.create_entity(row("1"))
        wrong = AzureNamedKeyCredential(ACCOUNT, base64.b64encode(b"not the key").decode())
        with TableClient(ENDPOINT, table.table_name, credential=wrong, retry_total=0) as client:
            self.refused(403, "AuthenticationFailed", client.get_entity, "p", "1")
