"""What a workshop does with the pipeline that it has deployed: it sends telemetry,
looks for documents, and calls the API through the gateway. Nothing in it knows of
Lazuli."""

import json
import os
import time
import unittest

import requests
from azure.cosmos import CosmosClient
from azure.eventhub import EventData, EventHubProducerClient
from azure.identity import DefaultAzureCredential

GATEWAY = os.environ["PIPELINE_GATEWAY"]
KEY = {"Ocp-Apim-Subscription-Key": os.environ["PIPELINE_KEY"]}
PATIENCE = 120


def documents(query):
    client = CosmosClient(os.environ["PIPELINE_DOCUMENTS"], os.environ["PIPELINE_DOCUMENTS_KEY"])
    container = client.get_database_client("serverless_db").get_container_client("events")
    return list(container.query_items(query, enable_cross_partition_query=True))


def eventually(claim):
    deadline = time.monotonic() + PATIENCE
    while not claim():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE} s")
        time.sleep(0.2)


class PipelineTest(unittest.TestCase):
    def test_events_become_documents(self):
        producer = EventHubProducerClient(os.environ["PIPELINE_HUBS"], "telemetry_events", DefaultAzureCredential())
        with producer:
            batch = producer.create_batch()
            for n in range(20):
                event = {"id": f"sent-{n}", "deviceId": f"device-{n % 3}", "eventType": "telemetry", "data": {"temperature": 21 + n * 1.5}}
                batch.add(EventData(json.dumps(event)))
            producer.send_batch(batch)
        eventually(lambda: documents("SELECT VALUE COUNT(1) FROM c WHERE STARTSWITH(c.id, 'sent-')") == [20])

    def test_api_through_the_gateway(self):
        health = requests.get(GATEWAY + "/api/health", headers=KEY, timeout=60)
        self.assertEqual((health.status_code, health.json()["status"]), (200, "healthy"))
        event = {"id": "posted-1", "deviceId": "device-9", "eventType": "telemetry", "data": {"temperature": 55}}
        posted = requests.post(GATEWAY + "/api/process-event", json=event, headers=KEY, timeout=60)
        self.assertEqual((posted.status_code, posted.json()["status"]), (200, "success"))
        eventually(lambda: documents("SELECT VALUE c.source FROM c WHERE c.id = 'posted-1'") == ["http-trigger"])

        without = requests.post(GATEWAY + "/api/process-event", json=event, timeout=60)
        self.assertEqual(without.status_code, 401)
        self.assertIn("missing subscription key", without.json()["message"])
        nowhere = requests.get(GATEWAY + "/api/nowhere", headers=KEY, timeout=60)
        self.assertEqual(nowhere.status_code, 404)

    def test_z_rate_limit(self):
        """The API takes 100 calls a minute: the last test, because it uses them up."""
        with requests.Session() as session:
            codes = [session.get(GATEWAY + "/api/health", headers=KEY, timeout=60).status_code for _ in range(101)]
        self.assertIn(429, codes)
        self.assertEqual(set(codes), {200, 429})
        refused = requests.get(GATEWAY + "/api/health", headers=KEY, timeout=60)
        self.assertEqual(refused.status_code, 429)
        self.assertGreater(int(refused.headers["Retry-After"]), 0)
