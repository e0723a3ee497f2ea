"""The namespace under test, from the environment of the Go driver, and what the
tests share. Every test has a hub of its own: py1, py2, ... with four partitions
and the consumer group "second"."""

import os
import threading

from azure.eventhub import EventData, EventHubConsumerClient, EventHubProducerClient

CONNECTION = os.environ["EVENTHUB_CONNECTION_STRING"]
LISTEN_ONLY = os.environ["EVENTHUB_CONNECTION_STRING_LISTEN_ONLY"]
SEND_ONLY = os.environ["EVENTHUB_CONNECTION_STRING_SEND_ONLY"]
LIMIT = 120

ONCE = {"retry_total": 0, "auth_timeout": 10}


def producer(hub, connection=CONNECTION, **options):
    return EventHubProducerClient.from_connection_string(connection, eventhub_name=hub, **{**ONCE, **options})


def consumer(hub, connection=CONNECTION, group="$Default", **options):
    return EventHubConsumerClient.from_connection_string(connection, group, eventhub_name=hub, **{**ONCE, **options})


def send(hub, partition, *bodies):
    """Sends the bodies to one partition, in one batch."""
    with producer(hub) as client:
        client.send_batch([EventData(body) for body in bodies], partition_id=partition)


def receive(client, partition, count, starting_position="-1", **options):
    """Returns count events of one partition, or raises the first error."""
    events, errors, done = [], [], threading.Event()

    def on_event(context, event):
        if event is not None:
            events.append(event)
            if options.get("track_last_enqueued_event_properties"):
                event.metric = context.last_enqueued_event_properties
        if len(events) >= count:
            done.set()

    def on_error(_, error):
        errors.append(error)
        done.set()

    worker = threading.Thread(
        target=client.receive,
        kwargs=dict(
            on_event=on_event, on_error=on_error, partition_id=partition,
            starting_position=starting_position, max_wait_time=0.2, **options
        ),
    )
    worker.start()
    finished = done.wait(LIMIT)
    client.close()
    worker.join(LIMIT)
    if len(events) < count and errors:
        raise errors[0]
    if not finished:
        raise TimeoutError(f"{len(events)} of {count} events")
    return events


def bodies(events):
    return [event.body_as_str() for event in events]
