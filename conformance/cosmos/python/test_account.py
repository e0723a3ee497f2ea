import base64

from azure.cosmos import PartitionKey, ThroughputProperties
from azure.cosmos.exceptions import CosmosHttpResponseError

from account import AccountTest, new_client


class Account(AccountTest):
    def test_databases_live_and_die(self):
        self.client.create_database("life")
        self.refused(409, self.client.create_database, "life")
        found = list(self.client.query_databases("SELECT * FROM root r WHERE r.id = @id", [{"name": "@id", "value": "life"}]))
        self.assertEqual([d["id"] for d in found], ["life"])
        self.assertIn("life", [d["id"] for d in self.client.list_databases()])
        self.client.delete_database("life")
        self.refused(404, self.client.get_database_client("life").read)

    def test_container_definition_survives(self):
        container = self.fresh_container(
            PartitionKey(["/tenant", "/user"], kind="MultiHash"),
            default_ttl=3600,
            unique_key_policy={"uniqueKeys": [{"paths": ["/mail"]}]},
            indexing_policy={"indexingMode": "consistent", "includedPaths": [{"path": "/*"}], "excludedPaths": [{"path": "/blob/*"}]},
        )
        properties = container.read()
        self.assertEqual(properties["partitionKey"]["paths"], ["/tenant", "/user"])
        self.assertEqual(properties["partitionKey"]["kind"], "MultiHash")
        self.assertEqual(properties["defaultTtl"], 3600)
        self.assertEqual(properties["uniqueKeyPolicy"]["uniqueKeys"], [{"paths": ["/mail"]}])
        self.assertEqual(properties["indexingPolicy"]["excludedPaths"], [{"path": "/blob/*"}])
        changed = self.database.replace_container(container, PartitionKey(["/tenant", "/user"], kind="MultiHash"), default_ttl=60)
        self.assertEqual(changed.read()["defaultTtl"], 60)

    def test_throughput_is_read_and_replaced(self):
        container = self.fresh_container(offer_throughput=500)
        self.assertEqual(container.get_throughput().offer_throughput, 500)
        self.assertEqual(container.replace_throughput(700).offer_throughput, 700)
        auto = self.fresh_container(offer_throughput=ThroughputProperties(auto_scale_max_throughput=4000))
        self.assertEqual(auto.get_throughput().auto_scale_max_throughput, 4000)

    def test_autoscale_is_replaced(self):
        more = ThroughputProperties(auto_scale_max_throughput=6000)
        container = self.fresh_container(offer_throughput=ThroughputProperties(auto_scale_max_throughput=4000))
        container.replace_throughput(more)
        self.assertEqual(container.get_throughput().auto_scale_max_throughput, 6000)
        database = self.client.create_database("python-auto", offer_throughput=ThroughputProperties(auto_scale_max_throughput=4000))
        database.replace_throughput(more)
        self.assertEqual(database.get_throughput().auto_scale_max_throughput, 6000)
        self.client.delete_database(database)

    def test_wrong_key_is_unauthorized(self):
        wrong = base64.b64encode(b"not the key").decode()
        with self.assertRaises(CosmosHttpResponseError) as caught:
            list(new_client(wrong).list_databases())
        self.assertEqual(caught.exception.status_code, 401)

    def test_feed_ranges(self):
        container = self.fresh_container()
        self.assertEqual(len(list(container.read_feed_ranges())), 1)
