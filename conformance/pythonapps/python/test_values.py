"""What each kind of data becomes in an app, by the vendor's own converters; and
where the vendor's runtime package is installed, the same by that."""

import datetime
import json
import os
import sys
import unittest

sys.path.insert(0, os.environ["LAZULI_PYTHON_WORKER"])

import azure.functions as func
from azure.functions import meta
from lazuli_worker import checks, times, values, wire

UTC = datetime.timezone.utc


class Rig:
    """Data on the wire, as the host sends it."""

    def __init__(self):
        self.parts = []

    def text(self, kind, text):
        self.parts.append(text.encode())
        return {"kind": kind, "part": len(self.parts) - 1}

    def raw(self, data):
        self.parts.append(data)
        return {"kind": "bytes", "part": len(self.parts) - 1}

    def ints(self, *numbers):
        return {"kind": "collection_sint64", "ints": list(numbers)}

    def many(self, kind, items):
        first = len(self.parts)
        self.parts.extend(items)
        return {"kind": kind, "part": first, "count": len(items)}


def decode(binding, make, metadata=()):
    rig = Rig()
    value = make(rig)
    converters = checks.Converters(func)
    told = {name: values.decode(text(rig) if callable(text) else rig.text("json", text), rig.parts, meta.Datum)
            for name, text in dict(metadata).items()}
    slot = checks.Slot(binding, None, converters.is_trigger(binding))
    return converters.decode(slot, value, rig.parts, told)


def system(n):
    return json.dumps([{"SequenceNumber": i, "Offset": str(100 + i), "PartitionKey": "k",
                        "EnqueuedTimeUtc": "2026-01-02T03:04:05.123Z"} for i in range(n)])


class Decode(unittest.TestCase):
    def test_event_hub_many(self):
        for make in (lambda r: r.many("collection_string", [b"a", "한".encode()]),
                     lambda r: r.many("collection_bytes", [b"a", "한".encode()])):
            events = decode("eventHubTrigger", make, {"SystemPropertiesArray": system(2)})
            self.assertEqual([e.get_body().decode() for e in events], ["a", "한"])
            self.assertEqual([(e.sequence_number, e.partition_key) for e in events], [(0, "k"), (1, "k")])
            self.assertEqual(events[0].enqueued_time, datetime.datetime(2026, 1, 2, 3, 4, 5, 123000, UTC))
        events = decode("eventHubTrigger", lambda r: r.text("json", '[{"a":1},2]'), {"SystemPropertiesArray": system(2)})
        self.assertEqual([json.loads(e.get_body()) for e in events], [{"a": 1}, 2])

    def test_event_hub_one(self):
        told = {"SystemProperties": "{}", "SequenceNumber": "7", "Offset": '"70"', "PartitionKey": '"k"',
                "EnqueuedTimeUtc": '"2026-01-02T03:04:05Z"'}
        for make in (lambda r: r.text("string", "x"), lambda r: r.raw(b"x"), lambda r: r.text("json", "x")):
            event = decode("eventHubTrigger", make, told)
            self.assertEqual((event.get_body(), event.sequence_number, event.partition_key), (b"x", 7, "k"))
            self.assertEqual(event.enqueued_time, datetime.datetime(2026, 1, 2, 3, 4, 5, 0, UTC))

    def test_event_hub_refusals(self):
        with self.assertRaisesRegex(TypeError, "unable to decode incoming TypedData"):
            decode("eventHubTrigger", lambda r: r.text("string", "x"))
        with self.assertRaisesRegex(AssertionError, "Number of bodies and metadata mismatched"):
            decode("eventHubTrigger", lambda r: r.many("collection_bytes", [b"a"]), {"SystemPropertiesArray": system(2)})

    def test_cosmos(self):
        for binding in ("cosmosDBTrigger", "cosmosDB"):
            for make in (lambda r: r.text("string", '[{"id":"1"}]'), lambda r: r.text("json", '{"id":"1"}'),
                         lambda r: r.raw(b'[{"id":"1"}]')):
                docs = decode(binding, make)
                self.assertIsInstance(docs, func.DocumentList)
                self.assertEqual(docs[0]["id"], "1")
        self.assertIsNone(decode("cosmosDB", lambda r: None))

    def test_timer_is_json_only(self):
        timer = decode("timerTrigger", lambda r: r.text("json", '{"IsPastDue":true,"Schedule":{}}'))
        self.assertTrue(timer.past_due)
        with self.assertRaises(TypeError):
            decode("timerTrigger", lambda r: r.text("string", "{}"))

    def test_queue(self):
        told = {"Id": '"i"', "DequeueCount": "2", "InsertionTime": '"2026-01-02T03:04:05+00:00"'}
        for make in (lambda r: r.text("string", "m"), lambda r: r.raw(b"m")):
            message = decode("queueTrigger", make, told)
            self.assertEqual((message.get_body(), message.id, message.dequeue_count), (b"m", "i", 2))
        with self.assertRaises(TypeError):
            decode("queueTrigger", lambda r: r.text("json", "1"))

    def test_blob(self):
        told = {"BlobTrigger": '"out/x"', "Uri": '"http://h/out/x"', "Properties": '{"ContentLength":3}'}
        for make in (lambda r: r.text("string", "abc"), lambda r: r.raw(b"abc")):
            blob = decode("blobTrigger", make, told)
            self.assertEqual((blob.read(), blob.name, blob.length), (b"abc", "out/x", 3))

    def test_kafka_one(self):
        envelope = ('{"Offset":3,"Partition":1,"Topic":"t","Timestamp":"2026-01-01T00:00:00.123Z","Value":"v","Key":"k",'
                    '"Headers":[{"Key":"h","Value":"/wE="}]}')
        told = {"Offset": "3", "Partition": "1", "Topic": lambda r: r.text("string", "t"), "Key": lambda r: r.text("string", "k"),
                "Timestamp": lambda r: r.text("string", "2026-01-01T00:00:00.123Z"), "Headers": '[{"Key":"h","Value":"/wE="}]',
                "LeaderEpoch": "0", "IsPartitionEOF": "false", "Value": lambda r: r.text("string", "v")}
        for make, body in ((lambda r: r.text("string", envelope), envelope.encode()), (lambda r: r.raw(b"v"), b"v")):
            event = decode("kafkaTrigger", make, told)
            self.assertEqual((event.get_body(), event.key, event.offset, event.partition, event.topic, event.timestamp),
                             (body, "k", 3, 1, "t", "2026-01-01T00:00:00.123Z"))
            self.assertEqual(event.headers, [{"Key": "h", "Value": "/wE="}])
        self.assertEqual(json.loads(event.metadata["Headers"])[0]["Key"], "h")

    def test_kafka_many(self):
        told = {"OffsetArray": lambda r: r.ints(3, 4), "TopicArray": lambda r: r.many("collection_string", [b"t", b"t"]),
                "PartitionArray": "[1,1]", "KeyArray": '["k",null]', "TimestampArray": '["2026-01-01T00:00:00.123Z","2026-01-01T00:00:00.124Z"]',
                "HeadersArray": '[[{"Key":"h","Value":"/wE="}],[]]', "ValueArray": '["a","b"]'}
        for kind in ("collection_string", "collection_bytes"):
            events = decode("kafkaTrigger", lambda r: r.many(kind, [b"a", b"b"]), told)
            self.assertEqual([(e.get_body(), e.key, e.offset, e.partition, e.topic, len(e.headers)) for e in events],
                             [(b"a", "k", 3, 1, "t", 1), (b"b", None, 4, 1, "t", 0)])

    def test_service_bus_one(self):
        told = {name: (lambda value: lambda r: r.text("string", value))(value) for name, value in {
            "MessageId": "m", "ContentType": "text/plain", "EnqueuedTimeUtc": "2026-01-01T00:00:00.1230000Z", "Subject": "s", "Label": "s",
            "LockToken": "00000000-0000-0000-0000-000000000001", "SessionId": "x"}.items()}
        told.update({"UserProperties": '{"kind":"test"}', "ApplicationProperties": '{"kind":"test"}', "DeliveryCount": "2", "SequenceNumber": "7", "State": "0"})
        for make in (lambda r: r.text("string", "body"), lambda r: r.raw(b"body")):
            m = decode("serviceBusTrigger", make, told)
            self.assertEqual((m.get_body(), m.message_id, m.delivery_count, m.sequence_number, m.session_id, m.subject, m.user_properties, m.state),
                             (b"body", "m", 2, 7, "x", "s", {"kind": "test"}, 0))
            self.assertEqual(m.enqueued_time_utc, datetime.datetime(2026, 1, 1, 0, 0, 0, 123000, UTC))
            self.assertIsNone(m.correlation_id)

    def test_service_bus_many(self):
        told = {"UserPropertiesArray": '[{"n":1},{}]', "ApplicationPropertiesArray": '[{"n":1},{}]', "MessageIdArray": '["a","b"]', "DeliveryCountArray": "[1,2]",
                "CorrelationIdArray": "[null,null]", "EnqueuedTimeUtcArray": '["2026-01-01T00:00:00.1230000Z",null]', "SequenceNumberArray": "[7,8]"}
        for kind in ("collection_string", "collection_bytes"):
            all = decode("serviceBusTrigger", lambda r: r.many(kind, [b"1", b"2"]), told)
            self.assertEqual([(m.get_body(), m.message_id, m.delivery_count, m.correlation_id, m.sequence_number) for m in all],
                             [(b"1", "a", 1, None, 7), (b"2", "b", 2, None, 8)])

    def test_warm_up(self):
        self.assertEqual(type(decode("warmupTrigger", lambda r: r.text("json", "{}"))).__name__, "WarmUpContext")

    def test_table(self):
        self.assertEqual(json.loads(decode("table", lambda r: r.text("json", '[{"RowKey":"1"}]'))), [{"RowKey": "1"}])
        self.assertIsNone(decode("table", lambda r: None))

    def test_event_grid_is_json_only(self):
        event = {"id": "1", "data": {"a": 1}, "topic": "t", "subject": "s", "eventType": "e", "dataVersion": "1",
                 "eventTime": "2026-01-02T03:04:05.123Z"}
        got = decode("eventGridTrigger", lambda r: r.text("json", json.dumps(event)))
        self.assertEqual((got.id, got.get_json(), got.event_type), ("1", {"a": 1}, "e"))
        with self.assertRaises(TypeError):
            decode("eventGridTrigger", lambda r: r.text("string", "{}"))

    def test_generic(self):
        for make, want in ((lambda r: r.text("string", "s"), "s"), (lambda r: r.raw(b"b"), b"b"),
                           (lambda r: r.text("json", "{}"), "{}"), (lambda r: None, None)):
            self.assertEqual(decode("generic", make), want)
            self.assertEqual(decode("noSuchBinding", make), want)
        with self.assertRaises(ValueError):
            decode("generic", lambda r: {"kind": "int", "int": 1})

    def test_http(self):
        def make(r):
            return {"kind": "http", "http": {
                "method": "PUT", "url": "http://h/a", "headers": {"X-Y": "z", "empty": None}, "query": {"q": "1"},
                "params": {"p": "2"}, "body": r.raw(b'{"a":1}')}}
        req = decode("httpTrigger", make)
        self.assertEqual((req.method, req.url, req.params["q"], req.route_params["p"], req.headers["x-y"], req.get_json()),
                         ("PUT", "http://h/a", "1", "2", "z", {"a": 1}))
        self.assertEqual(decode("httpTrigger", lambda r: {"kind": "http", "http": {"method": "GET"}}).get_body(), b"")


def encode(binding, obj, pytype=None):
    converters = checks.Converters(func)
    parts = []
    out = converters.encode(checks.Slot(binding, pytype), obj, parts)
    if out and "part" in out:
        return out["kind"], parts[out["part"]]
    return (out, parts) if out is None or out["kind"] == "http" else (out["kind"], out[out["kind"]])


class Encode(unittest.TestCase):
    def test_cosmos_is_always_an_array(self):
        doc = func.Document.from_dict({"id": "1"})
        for obj in (doc, func.DocumentList([doc]), [doc]):
            kind, data = encode("cosmosDB", obj)
            self.assertEqual((kind, json.loads(data)), ("json", [{"id": "1"}]))
        with self.assertRaisesRegex(TypeError, 'unsupported type "cosmosDB" for Python type "dict"'):
            encode("cosmosDB", {"id": "1"})

    def test_generic(self):
        for obj, want in (("s", ("string", b"s")), (b"b", ("bytes", b"b")), (bytearray(b"b"), ("bytes", b"b")),
                          ({"a": 1}, ("json", b'{"a": 1}')), ([1], ("json", b"[1]")), (3, ("int", 3)), (True, ("int", 1)),
                          (0.5, ("double", 0.5)), (None, (None, []))):
            self.assertEqual(encode("noSuchBinding", obj), want, obj)
        with self.assertRaises(TypeError):
            encode("noSuchBinding", object())

    def test_what_the_wire_cannot_carry(self):
        for obj, want in ((float("nan"), "a float is nan"), (float("inf"), "a float is inf"), (2 ** 63, "an int of 64 bits"),
                          (-2 ** 63 - 1, "an int of 64 bits"), (10 ** 5000, "an int of 16610 bits")):
            with self.assertRaisesRegex(ValueError, want):
                encode("noSuchBinding", obj)
        for obj in (2 ** 63 - 1, -2 ** 63):
            self.assertEqual(encode("noSuchBinding", obj), ("int", obj))
        with self.assertRaises(ValueError):
            wire.encode({"verb": "log", "number": float("nan")}, ())

    def test_event_hub(self):
        self.assertEqual(encode("eventHub", "s"), ("string", b"s"))
        self.assertEqual(encode("eventHub", b"b"), ("bytes", b"b"))
        kind, data = encode("eventHub", ["a", "b"])
        self.assertEqual((kind, json.loads(data)), ("json", ["a", "b"]))

    def test_http(self):
        self.assertEqual(encode("http", "text"), ("string", b"text"))
        out, parts = encode("http", func.HttpResponse("한", status_code=418, headers={"A": "b"}))
        self.assertEqual(out["http"]["status"], "418")
        self.assertEqual({k.lower(): v for k, v in out["http"]["headers"].items()}, {"a": "b", "content-type": "text/plain; charset=utf-8"})
        self.assertEqual(parts[out["http"]["body"]["part"]], "한".encode())


class Times(unittest.TestCase):
    def test_as_the_sdk_reads_them(self):
        times.quicken()
        slow = meta._BaseConverter.__dict__["_parse_datetime"].__func__
        for cell in slow.__closure__ or ():  # the SDK's own, beneath ours
            if callable(cell.cell_contents) and cell.cell_contents.__name__ == "_parse_datetime":
                slow = cell.cell_contents
        for text in ("2026-01-02T03:04:05.123456+00:00", "2026-01-02T03:04:05.1234567Z", "2026-01-02T03:04:05Z",
                     "2026-01-02T03:04:05.1Z", "2026-12-31T23:59:59+00:00", "2024-02-29T00:00:00.000Z", "1/2/2026 3:04:05Z",
                     "2026-01-02T03:04:05", "2026-02-30T00:00:00Z", "rubbish", "2026-01-02T03:04:05.Z", "２０２６-01-02T03:04:05Z",
                     "2026-01-02 03:04:05Z", "20260102T030405Z", "2026-1-2T3:4:5Z", "", None):
            self.assertEqual(outcome(meta._BaseConverter._parse_datetime, text), outcome(slow, meta._BaseConverter, text), text)
        self.assertIsNotNone(times.parse("2026-01-02T03:04:05.123Z"))


def outcome(call, *args):
    try:
        return call(*args)
    except Exception as error:
        return type(error)


if __name__ == "__main__":
    unittest.main()
