"""Checkpoints that azure-eventhub-checkpointstoreblob shares with the functions host."""

import os
import pathlib
import time
import unittest

from azure.eventhub.extensions.checkpointstoreblob import BlobCheckpointStore

from hub import bodies, consumer, receive, send

# The function app of the Go driver reads hub py39 and writes what it saw to a file.
NAMESPACE, HUB, GROUP = "localhost", "py39", "$Default"


def first(entries):
    return next((e for e in entries if e["partition_id"] == "0"), None)


def seen():
    return pathlib.Path(os.environ["FUNCTION_SEEN"]).read_text().split()


class Checkpoints(unittest.TestCase):
    def setUp(self):
        self.store = BlobCheckpointStore.from_connection_string(os.environ["STORAGE_CONNECTION_STRING"], "azure-webjobs-eventhub")
        self.addCleanup(self.store.close)

    def checkpoint(self):
        return first(self.store.list_checkpoints(NAMESPACE, HUB, GROUP))

    def claim(self, owner):
        """Makes an owner of the partition as a processor does; "" gives it back."""
        now = first(self.store.list_ownership(NAMESPACE, HUB, GROUP))
        return self.store.claim_ownership([{**now, "owner_id": owner}])

    def eventually(self, what, check):
        for _ in range(1200):
            if check():
                return
            time.sleep(0.1)
        self.fail(f"no {what}")

    def test_host_and_processor_go_on_where_the_other_was(self):
        send(HUB, "0", "a", "b")
        self.eventually("checkpoint of the host", lambda: (self.checkpoint() or {}).get("sequence_number") == 1)
        self.assertNotEqual(first(self.store.list_ownership(NAMESPACE, HUB, GROUP))["owner_id"], "")
        self.assertEqual(seen(), ["a", "b"])

        self.eventually("claim", lambda: self.claim("sdk"))  # the host may renew its own between
        time.sleep(10)  # it looks every second, and shows nobody that it has
        send(HUB, "0", "c", "d")
        events = receive(consumer(HUB), "0", 2, self.checkpoint()["offset"])
        self.assertEqual(bodies(events), ["c", "d"])
        self.store.update_checkpoint(
            {
                "fully_qualified_namespace": NAMESPACE, "eventhub_name": HUB, "consumer_group": GROUP, "partition_id": "0",
                "offset": events[1].offset, "sequence_number": events[1].sequence_number,
            }
        )
        self.assertTrue(self.claim(""))

        send(HUB, "0", "e")
        self.eventually("checkpoint after the last event", lambda: self.checkpoint()["sequence_number"] == 4)
        self.assertEqual(seen(), ["a", "b", "e"])
