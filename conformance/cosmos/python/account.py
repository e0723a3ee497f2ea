"""The account under test, from the environment of the Go driver."""

import itertools
import os
import unittest

from azure.cosmos import CosmosClient, PartitionKey
from azure.cosmos.exceptions import CosmosHttpResponseError

ENDPOINT = os.environ["COSMOS_ENDPOINT"]
KEY = os.environ["COSMOS_KEY"]

_numbers = itertools.count()


def new_client(key=KEY):
    return CosmosClient(ENDPOINT, credential=key)


class AccountTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.client = new_client()
        cls.database = cls.client.create_database_if_not_exists("python")

    def fresh_container(self, partition_key=None, **options):
        """Makes a container of its own for a test."""
        name = f"c{os.getpid()}-{next(_numbers)}"
        return self.database.create_container(name, partition_key or PartitionKey("/pk"), **options)

    def refused(self, status, call, *args, **kwargs):
        """Calls and returns the error, which must have the status."""
        with self.assertRaises(CosmosHttpResponseError) as caught:
            result = call(*args, **kwargs)
            if hasattr(result, "__iter__"):
                list(result)
        self.assertEqual(caught.exception.status_code, status, str(caught.exception))
        return caught.exception
