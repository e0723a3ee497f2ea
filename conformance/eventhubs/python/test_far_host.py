"""A functions host in another process than the hub, and azure-eventhub's own processor
beside it: they share the partitions, and each goes on where the other was."""

import os
import pathlib
import threading
import time
import unittest

from azure.eventhub import EventHubConsumerClient
from azure.eventhub.extensions.checkpointstoreblob import BlobCheckpointStore

from hub import CONNECTION, send

# The other lazuli of the Go driver reads hub py38 and writes what it saw to a file.
NAMESPACE, HUB, GROUP = os.environ["EVENTHUB_ADDRESS"], "py38", "$Default"
PARTITIONS = ["0", "1", "2", "3"]


def seen():
    path = pathlib.Path(os.environ["FAR_FUNCTION_SEEN"])
    return sorted(path.read_text().split()) if path.exists() else []


def send_round(tag):
    for p in PARTITIONS:
        send(HUB, p, tag + p)
    return [tag + p for p in PARTITIONS]


class FarHost(unittest.TestCase):
    def setUp(self):
        self.store = BlobCheckpointStore.from_connection_string(os.environ["STORAGE_CONNECTION_STRING"], "azure-webjobs-eventhub")
        self.addCleanup(self.store.close)

    def eventually(self, what, check):
        for _ in range(1200):
            if check():
                return
            time.sleep(0.1)
        self.fail(f"no {what}; the host saw {seen()}")

    def owners(self):
        """How many partitions each owner has."""
        counts = {}
        for claim in self.store.list_ownership(NAMESPACE, HUB, GROUP):
            counts[claim["owner_id"]] = counts.get(claim["owner_id"], 0) + 1
        return counts

    def test_shares_with_a_processor(self):
        first = send_round("a")
        self.eventually("events of the host", lambda: seen() == first)

        got, lock = [], threading.Lock()

        def on_event(context, event):
            if event is not None:
                with lock:
                    got.append(event.body_as_str())
                context.update_checkpoint(event)

        client = EventHubConsumerClient.from_connection_string(
            CONNECTION, GROUP, eventhub_name=HUB, checkpoint_store=self.store, load_balancing_interval=1
        )
        worker = threading.Thread(target=client.receive, kwargs=dict(on_event=on_event, starting_position="-1", max_wait_time=0.2))
        worker.start()
        self.addCleanup(client.close)
        self.eventually("equal shares", lambda: sorted(self.owners().values()) == [2, 2])
        time.sleep(8)  # the host lets go of what was taken at its next look

        second = send_round("b")
        self.eventually("events of both", lambda: sorted(seen() + got) == sorted(first + second))
        self.assertEqual(len(got), 2)
        self.eventually(
            "checkpoints of both", lambda: [c["sequence_number"] for c in self.store.list_checkpoints(NAMESPACE, HUB, GROUP)] == [1, 1, 1, 1]
        )
        client.close()
        worker.join(120)

        third = send_round("c")
        mine = set(got)
        self.eventually("all of the host", lambda: seen() == sorted(first + [e for e in second if e not in mine] + third))
