"""Programs as they are written for Azure: its host names, DefaultAzureCredential,
and nothing of Lazuli. That they reach it is the work of `lazuli exec`."""

import os
import re
import threading
import unittest
from datetime import datetime, timedelta, timezone

from azure.core.exceptions import HttpResponseError
from azure.cosmos import CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError
from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient
from azure.eventhub.exceptions import EventHubError
from azure.identity import ClientSecretCredential, DefaultAzureCredential
from azure.storage.blob import BlobClient, BlobServiceClient, generate_blob_sas


def reader():
    """An application that may only read."""
    return ClientSecretCredential("adfs", os.environ["READER_ID"], os.environ["READER_SECRET"], authority=os.environ["READER_AUTHORITY"])


def send(namespace, body, credential):
    client = EventHubProducerClient(f"{namespace}.servicebus.windows.net", "orders", credential, retry_total=0)
    with client:
        client.send_batch([EventData(body)])


def receive(namespace, credential):
    """Returns the bodies of all events, of which there is one at least."""
    client = EventHubConsumerClient(f"{namespace}.servicebus.windows.net", "orders", "$Default", credential, retry_total=0)
    bodies, done, errors = [], threading.Event(), []

    def on_event(_, event):
        if event is None and bodies:
            done.set()
        elif event is not None:
            bodies.append(event.body_as_str())

    def on_error(_, error):
        errors.append(error)
        done.set()

    worker = threading.Thread(target=client.receive, kwargs=dict(
        on_event=on_event, on_error=on_error, partition_id="0", starting_position="-1", max_wait_time=0.5))
    worker.start()
    done.wait(20)
    client.close()
    worker.join(20)
    if errors:
        raise errors[0]
    return bodies


def orders(account, credential):
    client = CosmosClient(f"https://{account}.documents.azure.com:443/", credential)
    return client.get_database_client("shop").get_container_client("orders")


def deployments(account, credential):
    return BlobServiceClient(f"https://{account}.blob.core.windows.net", credential, retry_total=0).get_container_client("deployments")


class ExecTest(unittest.TestCase):
    def test_hubs(self):
        """Two namespaces have a hub of the same name, and nothing leaks."""
        developer = DefaultAzureCredential()
        send("contoso-evhns", "py-contoso", developer)
        send("fabrikam-evhns", "py-fabrikam", developer)
        self.assertEqual(receive("contoso-evhns", developer), ["py-contoso"])
        self.assertEqual(receive("fabrikam-evhns", developer), ["py-fabrikam"])

    def test_hubs_without_a_role(self):
        with self.assertRaises(EventHubError) as refused:
            send("contoso-evhns", "never", reader())
        self.assertIn("Send", str(refused.exception))

    def test_documents(self):
        developer = DefaultAzureCredential()
        orders("contoso-cosmos", developer).upsert_item({"id": "py", "of": "contoso"})
        orders("fabrikam-cosmos", developer).upsert_item({"id": "py", "of": "fabrikam"})
        self.assertEqual(orders("contoso-cosmos", developer).read_item("py", "py")["of"], "contoso")
        self.assertEqual(len(list(orders("fabrikam-cosmos", developer).query_items("SELECT * FROM c", enable_cross_partition_query=True))), 1)

    def test_documents_without_a_role(self):
        with self.assertRaises(CosmosHttpResponseError) as refused:
            orders("contoso-cosmos", reader()).upsert_item({"id": "never"})
        self.assertEqual(refused.exception.status_code, 403)

    def test_reader_reads(self):
        orders("contoso-cosmos", DefaultAzureCredential()).upsert_item({"id": "read", "of": "contoso"})
        self.assertEqual(orders("contoso-cosmos", reader()).read_item("read", "read")["of"], "contoso")

    def test_blobs(self):
        """Runs the guide's program for an account's name in Azure, as it stands there."""
        with open(os.environ["GUIDE"], encoding="utf-8") as page:
            code = re.findall(r"^```python\n(.*?)^```$", page.read(), re.M | re.S)[1]
        exec(compile(code, "storage.md", "exec"), {})
        developer = DefaultAzureCredential()
        self.assertEqual(deployments("contososa", developer).download_blob("app.zip").readall(), b"zip")
        self.assertEqual(list(deployments("fabrikamsa", developer).list_blob_names()), [])

    def test_blobs_without_a_role(self):
        deployments("contososa", DefaultAzureCredential()).upload_blob("read", b"py", overwrite=True)
        self.assertEqual(deployments("contososa", reader()).download_blob("read").readall(), b"py")
        with self.assertRaises(HttpResponseError) as refused:
            deployments("contososa", reader()).upload_blob("never", b"x")
        self.assertEqual((refused.exception.status_code, refused.exception.error_code), (403, "AuthorizationPermissionMismatch"))
        with self.assertRaises(HttpResponseError):
            deployments("fabrikamsa", reader()).download_blob("read")
        now = datetime.now(timezone.utc)
        service = BlobServiceClient("https://contososa.blob.core.windows.net", reader(), retry_total=0)
        key = service.get_user_delegation_key(now - timedelta(minutes=5), now + timedelta(hours=1))
        token = generate_blob_sas("contososa", "deployments", "read", user_delegation_key=key, permission="rw", expiry=now + timedelta(hours=1))
        signed = BlobClient.from_blob_url(f"https://contososa.blob.core.windows.net/deployments/read?{token}", retry_total=0)
        self.assertEqual(signed.download_blob().readall(), b"py")
        with self.assertRaises(HttpResponseError):  # a signature gives no more than its maker may
            signed.upload_blob(b"x", overwrite=True)
