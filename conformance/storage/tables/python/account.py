"""The account under test, from the environment of the Go driver."""

import itertools
import os
import unittest

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableServiceClient

ENDPOINT = os.environ["TABLES_ENDPOINT"]
ACCOUNT = os.environ["TABLES_ACCOUNT"]
KEY = os.environ["TABLES_KEY"]
CREDENTIAL = AzureNamedKeyCredential(ACCOUNT, KEY)

_numbers = itertools.count()


class AccountTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = TableServiceClient(ENDPOINT, credential=CREDENTIAL, retry_total=0)

    def fresh_table(self):
        """Makes a table of its own for a test."""
        return self.service.create_table(f"py{os.getpid()}x{next(_numbers)}")

    def refused(self, status, code, call, *args, **kwargs):
        """Calls and returns the error, which must have status and code."""
        with self.assertRaises(HttpResponseError) as caught:
            result = call(*args, **kwargs)
            if hasattr(result, "__iter__"):
                list(result)
        e = caught.exception  # not every one has the code as an attribute
        self.assertEqual((e.status_code, e.response.headers.get("x-ms-error-code")), (status, code), str(e))
        return caught.exception
