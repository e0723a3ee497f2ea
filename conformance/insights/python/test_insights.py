"""Telemetry by the vendor's libraries, unchanged, asked for by the vendor's client."""

import functools
import json
import logging
import os
import subprocess
import sys
import threading
import time
import unittest
import uuid
from datetime import timedelta

from azure.identity import ClientSecretCredential
from azure.monitor.query import LogsQueryClient, LogsQueryStatus

ENDPOINT = os.environ["INSIGHTS"]
APP = "default"
RUN = uuid.uuid4().hex


def client():
    credential = ClientSecretCredential(
        os.environ["TENANT"], os.environ["CI_CLIENT_ID"], os.environ["CI_SECRET"], authority=os.environ["ISSUER"], disable_instance_discovery=True)
    return LogsQueryClient(credential, endpoint=ENDPOINT + "/v1", audience="https://api.loganalytics.io")


def ask(query, want=1, seconds=60):
    """Rows of a query, as dictionaries, once there are as many as wanted."""
    end = time.monotonic() + seconds
    while True:
        reply = client().query_workspace(APP, query, timespan=timedelta(hours=1))
        assert reply.status == LogsQueryStatus.SUCCESS, reply
        table = reply.tables[0]
        rows = [dict(zip(table.columns, row)) for row in table.rows]
        if len(rows) >= want or time.monotonic() > end:
            return rows, dict(zip(table.columns, table.columns_types))
        time.sleep(0.5)


SENDER = """
import logging, sys
from azure.monitor.opentelemetry import configure_azure_monitor
from opentelemetry import metrics, trace
from opentelemetry.trace import SpanKind
run = sys.argv[1]
configure_azure_monitor(sampling_ratio=1.0, logger_name="shop")
tracer, log = trace.get_tracer("shop"), logging.getLogger("shop")
log.setLevel(logging.INFO)
with tracer.start_as_current_span("checkout", kind=SpanKind.SERVER, attributes={"http.request.method": "GET", "url.path": "/o", "url.scheme": "http", "server.address": "h", "http.response.status_code": 200, "http.route": "/o/{id}", "run": run}):
    with tracer.start_as_current_span("SELECT", kind=SpanKind.CLIENT, attributes={"db.system": "postgresql", "db.statement": "SELECT 1", "server.address": "db", "db.name": "shop", "run": run}):
        log.warning("stock is low <b>", extra={"sku": "A1", "run": run})
    try:
        raise ValueError("no stock")
    except ValueError:
        log.exception("failed", extra={"run": run})
log.info("an event", extra={"microsoft.custom_event.name": "sold", "run": run})
counter = metrics.get_meter("shop").create_counter("orders")
counter.add(3, {"run": run})
for provider in trace.get_tracer_provider(), metrics.get_meter_provider():
    provider.force_flush()
from opentelemetry._logs import get_logger_provider
get_logger_provider().force_flush()
"""


SENDING = threading.Lock()


@functools.cache
def send():
    out = subprocess.run([sys.executable, "-c", SENDER, RUN], capture_output=True, text=True, timeout=300)
    assert out.returncode == 0, out.stderr


class Sent(unittest.TestCase):
    """What one program sent, in every table."""

    def setUp(self):
        with SENDING:
            send()

    def one(self, table):
        rows, types = ask(f'{table} | where tostring(customDimensions.run) == "{RUN}"')
        self.assertEqual(len(rows), 1, (table, rows))
        return rows[0], types

    def test_request(self):
        r, types = self.one("requests")
        self.assertEqual((r["name"], r["success"], r["resultCode"], r["itemType"]), ("GET /o/{id}", "True", "200", "request"))
        self.assertEqual((types["timestamp"], types["duration"], types["success"], types["customDimensions"], types["itemCount"]), ("datetime", "real", "string", "dynamic", "int"))
        self.assertEqual(len(r["operation_Id"]), 32)
        self.assertEqual((r["performanceBucket"][:1], r["itemCount"]), ("<", 1))
        self.assertTrue(r["sdkVersion"])
        self.assertTrue(r["cloud_RoleInstance"])

    def test_dependency(self):
        request, _ = self.one("requests")
        d, _ = self.one("dependencies")
        self.assertEqual((d["type"], d["data"], d["target"], d["name"]), ("postgresql", "SELECT 1", "db|shop", "SELECT"))
        self.assertEqual((d["operation_Id"], d["operation_ParentId"]), (request["operation_Id"], request["id"]))

    def test_trace(self):
        dependency, _ = self.one("dependencies")
        t, types = self.one("traces")
        self.assertEqual((t["message"], t["severityLevel"]), ("stock is low <b>", 2))
        self.assertEqual((t["operation_Id"], t["operation_ParentId"]), (dependency["operation_Id"], dependency["id"]))
        self.assertEqual(json.loads(t["customDimensions"])["sku"], "A1")
        self.assertEqual(types["severityLevel"], "int")

    def test_exception(self):
        e, _ = self.one("exceptions")
        self.assertEqual((e["type"], e["severityLevel"], e["outerMessage"]), ("ValueError", 3, "failed"))  # the line, as the library has it
        self.assertIn("ValueError", json.dumps(e["details"]))

    def test_event(self):
        e, _ = self.one("customEvents")
        self.assertEqual((e["name"], e["operation_Id"]), ("sold", ""))

    def test_metric(self):
        m, _ = self.one("customMetrics")
        self.assertEqual((m["name"], m["valueSum"], m["valueCount"]), ("orders", 3.0, 1))

    def test_joined(self):
        rows, _ = ask(f'''requests | where tostring(customDimensions.run) == "{RUN}"
            | join kind=inner (dependencies) on operation_Id
            | project name, name1, ms = round(duration)''')
        self.assertEqual([(r["name"], r["name1"]) for r in rows], [("GET /o/{id}", "SELECT")])

    def test_workspace_names(self):
        rows, types = ask(f'AppRequests | where tostring(Properties.run) == "{RUN}" | project TimeGenerated, Name, Success, DurationMs')
        self.assertEqual((rows[0]["Name"], rows[0]["Success"]), ("GET /o/{id}", True))
        self.assertEqual(types["Success"], "bool")


class Asked(unittest.TestCase):
    """The query API beyond tables."""

    def test_types(self):
        rows, types = ask("print b=true, i=int(1), l=long(2), r=1.5, s='x', d=datetime(2026-11-30 01:02:03), t=1h, g=guid(74be27de-1e4e-49d9-b579-fe0b331d3642), j=dynamic({'a':[1]})")
        self.assertEqual(list(types.values()), ["bool", "int", "long", "real", "string", "datetime", "timespan", "guid", "dynamic"])
        self.assertEqual((rows[0]["b"], rows[0]["i"], rows[0]["r"], rows[0]["s"], json.loads(rows[0]["j"])), (True, 1, 1.5, "x", {"a": [1]}))

    def test_syntax_error(self):
        with self.assertRaises(Exception) as e:
            client().query_workspace(APP, "requests | where {", timespan=None)
        self.assertEqual(e.exception.error.innererror["code"], "SyntaxError")

    def test_unknown_name(self):
        with self.assertRaises(Exception) as e:
            client().query_workspace(APP, "requests | where nope == 1", timespan=None)
        self.assertEqual(e.exception.error.innererror["code"], "SemanticError")
        self.assertIn("nope", str(e.exception.error.innererror))

    def test_unknown_workspace(self):
        with self.assertRaises(Exception) as e:
            client().query_workspace(str(uuid.uuid4()), "requests", timespan=None)
        self.assertEqual(e.exception.status_code, 404)

    def test_batch(self):
        from azure.monitor.query import LogsBatchQuery
        replies = client().query_batch([
            LogsBatchQuery(workspace_id=APP, query="print a=1", timespan=None), LogsBatchQuery(workspace_id=APP, query="print {", timespan=None)])
        self.assertEqual((replies[0].status, replies[0].tables[0].rows[0][0]), (LogsQueryStatus.SUCCESS, 1))
        self.assertEqual(replies[1].status, LogsQueryStatus.FAILURE)

    def test_statistics_and_render(self):
        reply = client().query_workspace(APP, "print a=1 | render piechart", timespan=None, include_statistics=True, include_visualization=True)
        self.assertIn("query", reply.statistics)
        self.assertEqual(reply.visualization["visualization"], "piechart")


if __name__ == "__main__":
    unittest.main()
