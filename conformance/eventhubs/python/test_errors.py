"""Properties and errors with azure-eventhub."""

import re
import time
import unittest

from azure.eventhub import EventData
from azure.eventhub.exceptions import AuthenticationError, ConnectError, EventHubError

from hub import CONNECTION, LISTEN_ONLY, SEND_ONLY, consumer, producer, receive


class Errors(unittest.TestCase):
    def fails(self, kinds, text, call, *args, **kwargs):
        with self.assertRaises(kinds) as caught:
            call(*args, **kwargs)
        self.assertRegex(str(caught.exception), text)

    def test_properties(self):
        with producer("py21") as p:
            hub = p.get_eventhub_properties()
            self.assertEqual((hub["eventhub_name"], hub["partition_ids"]), ("py21", ["0", "1", "2", "3"]))
            self.assertLess(abs(hub["created_at"].timestamp() - time.time()), 600)
            empty = p.get_partition_properties("1")
            self.assertTrue(empty["is_empty"])
            self.assertEqual((empty["last_enqueued_sequence_number"], empty["beginning_sequence_number"]), (-1, 0))
            p.send_event(EventData("x"), partition_id="1")
            full = p.get_partition_properties("1")
            self.assertFalse(full["is_empty"])
            self.assertEqual((full["id"], full["last_enqueued_sequence_number"]), ("1", 0))

    def test_unknown_hub(self):
        with producer("nowhere") as p:
            # The client does not pass the 404 of the token request on.
            self.fails(EventHubError, "CBS Token authentication failed", p.send_event, EventData("x"))

    def test_unknown_partition(self):
        with producer("py22") as p:
            self.fails(ConnectError, "Invalid partition 4", p.send_event, EventData("x"), partition_id="4")
            self.fails(EventHubError, "The specified partition is invalid", p.get_partition_properties, "nine")

    def test_wrong_key(self):
        wrong = re.sub("SharedAccessKey=[^;]*", "SharedAccessKey=wrong", CONNECTION)
        with producer("py23", wrong) as p:
            self.fails(AuthenticationError, "CBS Token authentication failed", p.send_event, EventData("x"))

    def test_rights(self):
        with producer("py24", LISTEN_ONLY) as p:
            self.fails(EventHubError, r"'Send' claim\(s\) are required", p.send_event, EventData("x"))
        self.fails(EventHubError, r"'Listen' claim\(s\) are required", receive, consumer("py24", SEND_ONLY), "0", 1)
