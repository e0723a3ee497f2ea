"""Qpid Proton, an AMQP client that knows nothing of Event Hubs. Every test has a
hub of its own: proton1, proton2, ... with four partitions."""

import os
import unittest

from proton import ConnectionException, Message, symbol
from proton.reactor import AtLeastOnce, Selector
from proton.utils import BlockingConnection, LinkDetached

ADDRESS = os.environ["EVENTHUB_ADDRESS"]
LIMIT = 120


def connect(key="SAS_KEY_VALUE"):
    return BlockingConnection(ADDRESS, timeout=LIMIT, user="RootManageSharedAccessKey", password=key,
                              allowed_mechs="PLAIN", allow_insecure_mechs=True)


def source(hub, partition="0"):
    return f"{hub}/ConsumerGroups/$Default/Partitions/{partition}"


class Proton(unittest.TestCase):
    def setUp(self):
        self.connection = connect()
        self.addCleanup(self.connection.close)

    def send(self, address, *messages):
        sender = self.connection.create_sender(address)
        for message in messages:
            sender.send(message)
        sender.close()

    def test_send_and_receive(self):
        self.send("proton1/Partitions/0", *(Message(body=f"message {i}", properties={"site": "north"}) for i in range(100)))
        receiver = self.connection.create_receiver(source("proton1"), credit=10)
        for i in range(100):
            message = receiver.receive(timeout=LIMIT)
            self.assertEqual((message.body, message.properties), (f"message {i}", {"site": "north"}))
            self.assertEqual(message.annotations[symbol("x-opt-sequence-number")], i)

    def test_receiver_that_settles(self):
        self.send("proton2/Partitions/0", *(Message(body=str(i)) for i in range(30)))
        receiver = self.connection.create_receiver(source("proton2"), credit=10, options=AtLeastOnce())
        for i in range(30):
            self.assertEqual(receiver.receive(timeout=LIMIT).body, str(i))
            receiver.accept()

    def test_start_position(self):
        self.send("proton3/Partitions/0", *(Message(body=body) for body in "abc"))
        options = Selector("amqp.annotation.x-opt-sequence-number > '1'")
        receiver = self.connection.create_receiver(source("proton3"), options=options)
        self.assertEqual(receiver.receive(timeout=LIMIT).body, "c")

    def test_partition_key(self):
        self.send("proton4", Message(body="x", annotations={symbol("x-opt-partition-key"): "TestKey"}))
        message = self.connection.create_receiver(source("proton4", "1")).receive(timeout=LIMIT)  # of four
        self.assertEqual((message.body, message.annotations[symbol("x-opt-partition-key")]), ("x", "TestKey"))

    def test_big_message(self):
        self.send("proton5/Partitions/0", Message(body=b"x" * 1_000_000))
        self.assertEqual(len(self.connection.create_receiver(source("proton5")).receive(timeout=LIMIT).body), 1_000_000)

    def test_refusals(self):
        for call, text in (
            (lambda: self.connection.create_sender("nowhere"), "amqp:not-found"),
            (lambda: self.connection.create_receiver(source("proton6", "4")), "com.microsoft:argument-out-of-range"),
        ):
            with self.assertRaises(LinkDetached) as caught:
                call()
            self.assertIn(text, str(caught.exception))
        with self.assertRaises(ConnectionException):
            connect("guess").close()
