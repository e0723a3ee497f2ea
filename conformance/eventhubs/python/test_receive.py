"""Receiving with azure-eventhub."""

import datetime
import threading
import time
import unittest

from azure.eventhub import EventData
from azure.eventhub.exceptions import EventHubError

from hub import LIMIT, bodies, consumer, producer, receive, send


class Receiving(unittest.TestCase):
    def test_every_start_position(self):
        send("py11", "0", "a", "b")
        with producer("py11") as p:
            before = p.get_partition_properties("0")
        time.sleep(0.005)  # the next events must be younger by a millisecond at least
        send("py11", "0", "c", "d")
        offset, moment = before["last_enqueued_offset"], before["last_enqueued_time_utc"]
        self.assertIsInstance(moment, datetime.datetime)
        for position, inclusive, want in [
            ("-1", False, "a"),
            (offset, False, "c"),
            (offset, True, "b"),
            (1, False, "c"),
            (1, True, "b"),
            (moment, False, "c"),
            (moment, True, "a"),
        ]:
            with self.subTest(position=position, inclusive=inclusive):
                got = receive(consumer("py11"), "0", 1, position, starting_position_inclusive=inclusive)
                self.assertEqual(got[0].body_as_str(), want)

    def test_latest_sees_only_what_comes_later(self):
        send("py12", "0", "old")
        stop = threading.Event()

        def keep_sending():
            with producer("py12") as p:
                while not stop.wait(0.7):  # the client hands events over when the line falls silent
                    p.send_event(EventData("new"), partition_id="0")

        sender = threading.Thread(target=keep_sending)
        sender.start()
        try:
            with_new = receive(consumer("py12"), "0", 2, "@latest")
        finally:
            stop.set()
            sender.join(LIMIT)
        self.assertEqual(set(bodies(with_new)), {"new"})

    def test_consumer_groups_in_any_case(self):
        send("py13", "3", "1", "2")
        for group in ["$Default", "$default", "SECOND"]:
            self.assertEqual(bodies(receive(consumer("py13", group=group), "3", 2)), ["1", "2"])

    def test_runtime_metric(self):
        send("py14", "0", "a", "b", "c")
        got = receive(consumer("py14"), "0", 1, track_last_enqueued_event_properties=True)
        metric = got[0].metric
        self.assertEqual(metric["sequence_number"], 2)
        self.assertLess(abs(metric["enqueued_time"].timestamp() - time.time()), 60)

    def test_a_higher_epoch_takes_the_partition_over(self):
        send("py15", "0", "x")
        low, seen, lost = consumer("py15"), threading.Event(), []
        worker = threading.Thread(
            target=low.receive,
            kwargs=dict(
                on_event=lambda _, e: seen.set() if e else None, on_error=lambda _, e: lost.append(e),
                partition_id="0", starting_position="-1", owner_level=1, max_wait_time=0.2,
            ),
        )
        worker.start()
        self.assertTrue(seen.wait(LIMIT))
        self.assertEqual(bodies(receive(consumer("py15"), "0", 1, owner_level=2)), ["x"])
        deadline = time.monotonic() + LIMIT
        while not lost and time.monotonic() < deadline:
            time.sleep(0.05)
        low.close()
        worker.join(LIMIT)
        self.assertTrue(lost)
        self.assertIn("higher epoch of '2'", str(lost[0]))

    def test_a_lower_epoch_is_refused(self):
        send("py16", "0", "x")
        owner, seen = consumer("py16"), threading.Event()
        worker = threading.Thread(
            target=owner.receive,
            kwargs=dict(on_event=lambda _, e: seen.set() if e else None, partition_id="0", starting_position="-1", owner_level=5, max_wait_time=0.2),
        )
        worker.start()
        self.assertTrue(seen.wait(LIMIT))
        try:
            with self.assertRaises(EventHubError) as caught:
                receive(consumer("py16"), "0", 1, owner_level=4)
            self.assertIn("with a higher epoch '5' already exists", str(caught.exception))
        finally:
            owner.close()
            worker.join(LIMIT)

    def test_big_events(self):
        send("py17", "0", "x" * 500000, "y" * 500000)
        got = receive(consumer("py17"), "0", 2)
        self.assertEqual([len(b) for b in bodies(got)], [500000, 500000])
