import time

from azure.core import MatchConditions
from azure.cosmos import PartitionKey
from azure.cosmos.exceptions import CosmosBatchOperationError
from azure.cosmos.partition_key import NonePartitionKeyValue, NullPartitionKeyValue

from account import AccountTest


class Items(AccountTest):
    def test_items_live_and_die(self):
        container = self.fresh_container()
        created = container.create_item({"id": "1", "pk": "a", "n": 1, "deep": {"list": [1, {"x": "ü"}]}})
        self.assertEqual(container.read_item("1", "a"), created)
        replaced = container.replace_item("1", {"id": "1", "pk": "a", "n": 2})
        self.assertEqual((replaced["n"], replaced["_rid"]), (2, created["_rid"]))
        self.assertNotEqual(replaced["_etag"], created["_etag"])
        self.assertEqual(container.upsert_item({"id": "1", "pk": "a", "n": 3})["n"], 3)
        container.upsert_item({"id": "2", "pk": "a"})
        container.delete_item("1", "a")
        self.refused(404, container.read_item, "1", "a")
        self.refused(404, container.delete_item, "1", "a")
        self.refused(404, container.replace_item, "1", {"id": "1", "pk": "a"})
        self.assertEqual([i["id"] for i in container.read_all_items()], ["2"])

    def test_same_id_in_each_partition(self):
        container = self.fresh_container()
        container.create_item({"id": "1", "pk": "a"})
        self.refused(409, container.create_item, {"id": "1", "pk": "a"})
        container.create_item({"id": "1", "pk": "b"})

    def test_unusual_ids(self):
        container = self.fresh_container()
        for name in ["with space", "ünïcode 鱀", "a.b:c;d,e=f@g", "100%", "quote'\"", "emoji 🚀"]:
            container.create_item({"id": name, "pk": name, "text": "line\nbreak \u0001"})
            self.assertEqual(container.read_item(name, name)["text"], "line\nbreak \u0001")

    def test_etags_guard_writes(self):
        container = self.fresh_container()
        first = container.create_item({"id": "1", "pk": "a"})
        unmodified = {"etag": first["_etag"], "match_condition": MatchConditions.IfNotModified}
        container.replace_item("1", {"id": "1", "pk": "a", "n": 2}, **unmodified)
        self.refused(412, container.replace_item, "1", {"id": "1", "pk": "a", "n": 3}, **unmodified)
        self.refused(412, container.upsert_item, {"id": "1", "pk": "a", "n": 3}, **unmodified)
        self.refused(412, container.delete_item, "1", "a", **unmodified)

    def test_patch(self):
        container = self.fresh_container()
        container.create_item({"id": "1", "pk": "a", "n": 1, "tags": ["x"], "old": True})
        patched = container.patch_item("1", "a", [
            {"op": "incr", "path": "/n", "value": 4},
            {"op": "add", "path": "/tags/0", "value": "w"},
            {"op": "set", "path": "/deep", "value": {"a": 1}},
            {"op": "replace", "path": "/deep/a", "value": 2},
            {"op": "move", "from": "/old", "path": "/new"},
        ])
        self.assertEqual((patched["n"], patched["tags"], patched["deep"], patched["new"]), (5, ["w", "x"], {"a": 2}, True))
        self.assertNotIn("old", patched)
        change = [{"op": "remove", "path": "/new"}]
        self.refused(412, container.patch_item, "1", "a", change, filter_predicate="from c where c.n > 100")
        container.patch_item("1", "a", change, filter_predicate="from c where c.n = 5")
        self.refused(400, container.patch_item, "1", "a", change)

    def test_partition_key_values(self):
        container = self.fresh_container()
        for item, key in [
            ({"id": "1", "pk": 1.5}, 1.5), ({"id": "1", "pk": True}, True), ({"id": "1", "pk": None}, NullPartitionKeyValue),
            ({"id": "1"}, NonePartitionKeyValue), ({"id": "1", "pk": ""}, ""),
        ]:
            container.create_item(item)
            self.assertEqual(container.read_item("1", key)["id"], "1", key)
            self.assertEqual(len(list(container.query_items("SELECT * FROM c", partition_key=key))), 1, key)
        self.assertEqual(len(list(container.read_all_items())), 5)

    def test_hierarchical_keys(self):
        container = self.fresh_container(PartitionKey(["/tenant", "/user"], kind="MultiHash"))
        for tenant, user in [("t1", "u1"), ("t1", "u2"), ("t2", "u1")]:
            container.create_item({"id": "1", "tenant": tenant, "user": user})
        self.assertEqual(container.read_item("1", ["t1", "u2"])["user"], "u2")
        under = container.query_items("SELECT VALUE c.user FROM c ORDER BY c.user", partition_key=["t1"])
        self.assertEqual(list(under), ["u1", "u2"])

    def test_expired_items_disappear(self):
        container = self.fresh_container(default_ttl=-1)
        container.create_item({"id": "1", "pk": "a", "ttl": 1})
        container.create_item({"id": "2", "pk": "a"})
        deadline = time.monotonic() + 120
        while len(list(container.read_all_items())) > 1:
            self.assertLess(time.monotonic(), deadline, "still there after 120 s")
            time.sleep(0.05)

    def test_batches_are_all_or_nothing(self):
        container = self.fresh_container()
        results = container.execute_item_batch([
            ("create", ({"id": "1", "pk": "a", "n": 1},)),
            ("upsert", ({"id": "2", "pk": "a"},)),
            ("patch", ("1", [{"op": "incr", "path": "/n", "value": 1}])),
            ("replace", ("2", {"id": "2", "pk": "a", "x": 1})),
            ("read", ("1",)),
            ("delete", ("2",)),
        ], "a")
        self.assertEqual([r["statusCode"] for r in results], [201, 201, 200, 200, 200, 204])
        self.assertEqual(results[4]["resourceBody"]["n"], 2)
        with self.assertRaises(CosmosBatchOperationError) as caught:
            container.execute_item_batch([("create", ({"id": "3", "pk": "a"},)), ("create", ({"id": "1", "pk": "a"},))], "a")
        self.assertEqual([r["statusCode"] for r in caught.exception.operation_responses], [424, 409])
        self.refused(404, container.read_item, "3", "a")

    def test_unique_keys(self):
        container = self.fresh_container(unique_key_policy={"uniqueKeys": [{"paths": ["/mail"]}]})
        container.create_item({"id": "1", "pk": "a", "mail": "m"})
        self.refused(409, container.create_item, {"id": "2", "pk": "a", "mail": "m"})

    def test_too_large(self):
        container = self.fresh_container()
        self.refused(413, container.create_item, {"id": "1", "pk": "a", "s": "x" * (2 * 1024 * 1024 + 1000)})

    def test_read_many(self):
        container = self.fresh_container()
        for i in range(30):
            container.create_item({"id": str(i), "pk": f"p{i % 3}"})
        wanted = [(str(i), f"p{i % 3}") for i in range(0, 30, 4)] + [("none", "p0")]
        found = container.read_items(wanted)
        self.assertEqual(sorted(int(i["id"]) for i in found), list(range(0, 30, 4)))

    def test_all_items_of_a_partition_key_are_deleted(self):
        container = self.fresh_container()
        for i in range(6):
            container.create_item({"id": str(i), "pk": "a" if i % 2 else "b"})
        container.delete_all_items_by_partition_key("a")
        self.assertEqual([i["pk"] for i in container.read_all_items()], ["b"] * 3)

    def test_ids_have_up_to_1023_bytes(self):
        container = self.fresh_container()
        for name in ["i" * 1023, "물" * 341]:
            container.create_item({"id": name, "pk": "a"})
            self.assertEqual(container.read_item(name, "a")["id"], name)
        self.refused(400, container.create_item, {"id": "i" * 1024, "pk": "a"})
