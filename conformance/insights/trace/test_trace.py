"""One trace from device to alarm: events that azure-eventhub sends with tracing on, through
the telemetry example in Python, with nothing switched on there."""

import json
import logging
import os
import time
import unittest
from datetime import timedelta

from azure.eventhub import EventData, EventHubProducerClient
from azure.identity import ClientSecretCredential
from azure.monitor.opentelemetry import configure_azure_monitor
from azure.monitor.query import LogsQueryClient, LogsQueryStatus
from opentelemetry import trace

EVENTS = 1000


def ask(query):
    credential = ClientSecretCredential(
        os.environ["TENANT"], os.environ["CI_CLIENT_ID"], os.environ["CI_SECRET"], authority=os.environ["ISSUER"], disable_instance_discovery=True)
    client = LogsQueryClient(credential, endpoint=os.environ["INSIGHTS"] + "/v1", audience="https://api.loganalytics.io")
    reply = client.query_workspace("default", query, timespan=timedelta(hours=1))
    assert reply.status == LogsQueryStatus.SUCCESS, reply
    table = reply.tables[0]
    return [dict(zip(table.columns, row)) for row in table.rows]


def eventually(query, want, seconds=240):
    """The rows of a query once there are as many as wanted."""
    end = time.monotonic() + seconds
    while True:
        rows = ask(query)
        if len(rows) >= want or time.monotonic() > end:
            return rows
        time.sleep(1)


# What caused a request: the span that it continues, or each that it links to.
CAUSED = """
let caused = union
    (requests | where isnotempty(operation_ParentId)
     | project function = name, request = id, operation = operation_Id, cause = operation_ParentId, causeOperation = operation_Id),
    (requests | extend links = todynamic(tostring(customDimensions["_MS.links"])) | mv-expand link = links
     | where isnotempty(tostring(link.id))
     | project function = name, request = id, operation = operation_Id, cause = tostring(link.id), causeOperation = tostring(link.operation_Id));
"""

# Each hop names the one before it: the device's span, the message, the run of the first
# function, the document that it wrote, the run of the second, and its alarm.
WHOLE = CAUSED + """
dependencies | where name == "measure"
| project device = tostring(customDimensions.device), trace = operation_Id, measured = id
| join kind=inner (dependencies | where type startswith "Queue Message" | project message = id, measured = operation_ParentId, messageTrace = operation_Id) on measured
| where messageTrace == trace
| join kind=inner (caused | where function == "eventhub_trigger_processor" | project stored = request, storeTrace = operation, message = cause, causeOperation) on message
| where causeOperation == trace
| join kind=inner (dependencies | where type == "Microsoft.DocumentDB" and success == true | project document = id, stored = operation_ParentId, documentTrace = operation_Id) on stored
| where documentTrace == storeTrace
| join kind=inner (caused | where function == "cosmosdb_changefeed_processor" | project looked = request, lookTrace = operation, document = cause, feedOperation = causeOperation) on document
| where feedOperation == storeTrace
| join kind=inner (traces | where message startswith "High temperature alert" and severityLevel == 2
    | extend device = extract("on device ([^ ]+)$", 1, message) | project device, looked = operation_ParentId, alarmTrace = operation_Id, alarm = timestamp) on looked, device
| where alarmTrace == lookTrace
| summarize alarms = count(), devices = dcount(device) by trace
"""


def send():
    """Sends each event in a trace of its own."""
    configure_azure_monitor(sampling_ratio=1.0, logger_name="device")
    logging.getLogger("azure").setLevel(logging.ERROR)
    tracer = trace.get_tracer("device")
    with EventHubProducerClient.from_connection_string(os.environ["HUB"], eventhub_name="telemetry_events") as producer:
        for start in range(0, EVENTS, 50):
            batch = producer.create_batch()
            for n in range(start, start + 50):
                device = f"device-{n:04}"
                with tracer.start_as_current_span("measure", attributes={"device": device}):
                    batch.add(EventData(json.dumps({"id": f"evt-{n}", "deviceId": device, "data": {"temperature": 40.5 + n}})))
            with tracer.start_as_current_span("report"):
                producer.send_batch(batch)
    trace.get_tracer_provider().force_flush()


class Trace(unittest.TestCase):
    """1,000 events, 1,000 traces."""

    @classmethod
    def setUpClass(cls):
        send()

    def test_every_event_is_followed_to_its_alarm(self):
        rows = eventually(WHOLE, EVENTS)
        self.assertEqual(len(rows), EVENTS)
        for row in rows:
            self.assertEqual((row["alarms"], row["devices"]), (1, 1), row)

    def test_a_batch_says_where_from_and_how_long_it_waited(self):
        rows = eventually('requests | where name == "eventhub_trigger_processor" | project source, waited = todouble(customMeasurements.timeSinceEnqueued), '
                          'links = tostring(customDimensions["_MS.links"]), operation_ParentId, success', 1)
        self.assertTrue(rows)
        for row in rows:
            self.assertTrue(row["source"].endswith("/telemetry_events"), row)
            self.assertGreaterEqual(row["waited"], 0, row)
            self.assertNotEqual(bool(row["links"]), bool(row["operation_ParentId"]), row)

    def test_the_documents_are_a_dependency(self):
        query = 'dependencies | where type == "Microsoft.DocumentDB" | summarize documents = sum(toint(customMeasurements.Items)), targets = make_set(target), operations = make_set(operation_Name)'
        end = time.monotonic() + 240
        while True:
            rows = ask(query)
            if rows and rows[0]["documents"] == EVENTS or time.monotonic() > end:
                break
            time.sleep(1)
        self.assertEqual(rows[0]["documents"], EVENTS)
        self.assertIn("serverless_db/events", rows[0]["targets"])
        self.assertIn("eventhub_trigger_processor", rows[0]["operations"])
