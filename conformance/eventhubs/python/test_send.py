"""Sending with azure-eventhub."""

import time
import unittest

from azure.eventhub import EventData
from azure.eventhub.amqp import AmqpAnnotatedMessage
from azure.eventhub.exceptions import EventHubError

from hub import bodies, consumer, producer, receive, send


class Sending(unittest.TestCase):
    def test_one_event_with_all_its_properties(self):
        event = EventData(b"21.5")
        event.properties = {"site": "north", "count": 3, "ratio": 0.5, "flag": True}
        event.content_type = "text/plain"
        event.message_id = "m-1"
        event.correlation_id = "c-1"
        with producer("py1") as p:
            p.send_event(event, partition_id="0")
        (got,) = receive(consumer("py1"), "0", 1)
        self.assertEqual(got.body_as_str(), "21.5")
        self.assertEqual(got.properties, {b"site": b"north", b"count": 3, b"ratio": 0.5, b"flag": True})
        self.assertEqual((got.content_type, got.message_id, got.correlation_id), ("text/plain", "m-1", "c-1"))
        self.assertEqual(got.sequence_number, 0)
        self.assertIsInstance(got.offset, str)
        self.assertLess(abs(got.enqueued_time.timestamp() - time.time()), 60)

    def test_events_of_a_batch_keep_their_order(self):
        send("py2", "1", *[str(i) for i in range(100)])
        self.assertEqual(bodies(receive(consumer("py2"), "1", 100)), [str(i) for i in range(100)])

    def test_partition_key(self):
        with producer("py3") as p:
            for i in range(20):
                p.send_event(EventData(str(i)), partition_key="TestKey")
        # TestKey hashes to partition 1 of four, on Azure as here.
        got = receive(consumer("py3"), "1", 20)
        self.assertEqual(bodies(got), [str(i) for i in range(20)])
        self.assertTrue(all(e.partition_key == b"TestKey" for e in got))

    def test_batches_go_round_without_a_key(self):
        with producer("py4") as p:
            for i in range(8):
                p.send_batch([EventData(str(i))])
            last = [p.get_partition_properties(n)["last_enqueued_sequence_number"] for n in p.get_partition_ids()]
        self.assertEqual(last, [1, 1, 1, 1])

    def test_a_full_batch(self):
        with producer("py5") as p:
            batch = p.create_batch(partition_id="2")
            with self.assertRaises(ValueError):
                while True:
                    batch.add(EventData(b"x" * 10000))
            p.send_batch(batch)
        got = receive(consumer("py5"), "2", len(batch))
        self.assertGreaterEqual(len(got), 100)
        self.assertEqual(len(got[-1].body_as_str()), 10000)

    def test_value_and_sequence_bodies(self):
        with producer("py6") as p:
            p.send_batch([AmqpAnnotatedMessage(value_body={b"a": 1}), AmqpAnnotatedMessage(sequence_body=[[1, 2], [3]])], partition_id="0")
        value, sequence = receive(consumer("py6"), "0", 2)
        self.assertEqual(value.raw_amqp_message.body, {b"a": 1})
        self.assertEqual(list(sequence.raw_amqp_message.body), [[1, 2], [3]])

    def test_oversized_message(self):
        with producer("py7") as p:
            with self.assertRaises((EventHubError, ValueError)) as caught:
                p.send_event(EventData(b"x" * 1200000), partition_id="0")
            self.assertRegex(str(caught.exception), "exceeds|size")
        send("py7", "0", "small")
        self.assertEqual(bodies(receive(consumer("py7"), "0", 1)), ["small"])

    def test_buffered_producer(self):
        failed = []
        with producer("py8", buffered_mode=True, on_success=lambda *_: None, on_error=lambda *e: failed.append(e), max_wait_time=1) as p:
            for i in range(200):
                p.send_event(EventData(str(i)))
            p.flush(timeout=10)
            total = sum(p.get_partition_properties(n)["last_enqueued_sequence_number"] + 1 for n in p.get_partition_ids())
        self.assertEqual((total, failed), (200, []))

    def test_buffered_producer_with_a_key(self):
        # The client hashes an event's key itself and sends to the partition's link, with the key still on the
        # event. A batch with a key it puts on the partition whose turn it is.
        sent, failed = [], []
        with producer("py31", buffered_mode=True, max_wait_time=1, on_success=lambda events, pid: sent.extend(events),
                      on_error=lambda events, pid, error: failed.append(str(error))) as p:
            p.send_event(EventData("single"), partition_key="TestKey")
            batch = p.create_batch(partition_key="TestKey")
            batch.add(EventData("in a batch"))
            p.send_batch(batch)
            p.flush(timeout=10)
            total = sum(p.get_partition_properties(n)["last_enqueued_sequence_number"] + 1 for n in p.get_partition_ids())
        self.assertEqual((len(sent), failed, total), (2, [], 2))
        event = next(e for e in receive(consumer("py31"), "1", 1) if e.body_as_str() == "single")  # partition 1 of four
        self.assertEqual(event.partition_key, b"TestKey")

    def test_partition_keys_that_are_no_strings(self):
        with producer("py32") as p:
            for _ in range(4):
                p.send_batch([EventData("x")], partition_key=5)
            self.assertEqual([p.get_partition_properties(n)["last_enqueued_sequence_number"] for n in p.get_partition_ids()], [0] * 4)

    def test_delivery_annotations_and_footer(self):
        # The client writes the delivery annotations at the very end of a message.
        with producer("py33") as p:
            p.send_batch([AmqpAnnotatedMessage(data_body=b"annotated", footer={"f": "1"}, delivery_annotations={"k": "v"})], partition_id="0")
        message = receive(consumer("py33"), "0", 1)[0].raw_amqp_message
        self.assertEqual(message.delivery_annotations[b"k"], b"v")
        self.assertEqual(message.footer[b"f"], b"1")
