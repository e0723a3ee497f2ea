"""The account under test, from the environment of the Go driver."""

import itertools
import os
import unittest
from datetime import datetime, timedelta, timezone

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

CONNECTION = os.environ["AZURE_STORAGE_CONNECTION_STRING"]

_numbers = itertools.count()


def soon():
    return datetime.now(timezone.utc) + timedelta(hours=1)


def fresh(what):
    """Returns a name of its own for a test."""
    return f"py-{what}-{os.getpid()}-{next(_numbers)}"


class StorageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.blobs = BlobServiceClient.from_connection_string(CONNECTION, retry_total=0)
        cls.queues = QueueServiceClient.from_connection_string(CONNECTION, retry_total=0)
        cls.account, cls.key = cls.blobs.account_name, cls.blobs.credential.account_key

    def fresh_container(self):
        return self.blobs.create_container(fresh("box"))

    def fresh_queue(self):
        return self.queues.create_queue(fresh("line"))

    def refused(self, status, code, call, *args, **kwargs):
        """Calls and returns the error, which must have status and code."""
        with self.assertRaises(HttpResponseError) as caught:
            result = call(*args, **kwargs)
            if hasattr(result, "__next__") or hasattr(result, "by_page"):
                list(result)
        e = caught.exception
        got = (e.status_code, e.response.headers.get("x-ms-error-code"))
        self.assertEqual(got, (status, code), str(e))
        return e
