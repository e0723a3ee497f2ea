import assert from "node:assert/strict";
import { test } from "node:test";
import { EventHubBufferedProducerClient } from "@azure/event-hubs";
import { connection, consumer, producer, receive, rejects, withClient } from "./hub.mjs";

test("one event with all its properties", async () => {
  await producer("js1", (p) =>
    p.sendBatch(
      [{ body: { celsius: 21.5 }, contentType: "application/json", messageId: "m-1", correlationId: "c-1", properties: { site: "north", count: 3 } }],
      { partitionId: "0" },
    ),
  );
  const [event] = await consumer("js1", (c) => receive(c, "0", 1));
  assert.deepEqual(event.body, { celsius: 21.5 });
  assert.equal(event.contentType, "application/json");
  assert.equal(event.messageId, "m-1");
  assert.equal(event.correlationId, "c-1");
  assert.deepEqual(event.properties, { site: "north", count: 3 });
  assert.equal(event.sequenceNumber, 0);
  assert.equal(typeof event.offset, "string");
  assert.ok(Math.abs(Date.now() - event.enqueuedTimeUtc) < 60000);
});

test("bodies of every kind", async () => {
  const bodies = ["text", 42, [1, 2], { nested: { yes: true } }, Buffer.from([0, 255])];
  await producer("js2", (p) => p.sendBatch([...bodies, null].map((body) => ({ body })), { partitionId: "0" }));
  const events = (await consumer("js2", (c) => receive(c, "0", bodies.length + 1))).map((e) => e.body);
  assert.deepEqual(events.slice(0, -1), bodies);
  assert.equal(events.at(-1).length, 0); // the client writes null as no bytes at all
});

test("AMQP values and sequences", async () => {
  await producer("js3", (p) =>
    p.sendBatch(
      [
        { body: "a value", bodyType: "value", applicationProperties: { flag: true } },
        { body: [["x", 1]], bodyType: "sequence" },
      ],
      { partitionId: "0" },
    ),
  );
  const events = await consumer("js3", (c) => receive(c, "0", 2));
  assert.equal(events[0].body, "a value");
  assert.equal(events[0].getRawAmqpMessage().bodyType, "value");
  assert.equal(events[0].properties.flag, true);
  assert.equal(events[1].getRawAmqpMessage().bodyType, "sequence");
});

test("a partition key keeps events together", async () => {
  const bodies = Array.from({ length: 20 }, (_, i) => i);
  await producer("js4", async (p) => {
    for (const body of bodies) await p.sendBatch([{ body }], { partitionKey: "TestKey" });
  });
  // TestKey hashes to partition 1 of four, on Azure as here.
  const events = await consumer("js4", (c) => receive(c, "1", bodies.length));
  assert.deepEqual(events.map((e) => e.body), bodies);
  assert.ok(events.every((e) => e.partitionKey === "TestKey"));
});

test("without a key batches go round", async () => {
  await producer("js5", async (p) => {
    for (let i = 0; i < 8; i++) await p.sendBatch([{ body: i }]);
    const counts = [];
    for (const id of await p.getPartitionIds()) {
      counts.push((await p.getPartitionProperties(id)).lastEnqueuedSequenceNumber + 1);
    }
    assert.deepEqual(counts, [2, 2, 2, 2]);
  });
});

test("a batch fills up to one mebibyte", async () => {
  await producer("js6", async (p) => {
    const batch = await p.createBatch({ partitionId: "2" });
    assert.equal(batch.maxSizeInBytes, 1048576);
    const body = Buffer.alloc(10000, 7);
    while (batch.tryAdd({ body }));
    assert.equal(batch.count, 104);
    await p.sendBatch(batch);
    assert.equal((await p.getPartitionProperties("2")).lastEnqueuedSequenceNumber, 103);
  });
  const events = await consumer("js6", (c) => receive(c, "2", 104));
  assert.equal(events[103].body.length, 10000);
});

test("an oversized message is refused and the link survives", async () => {
  await producer("js7", async (p) => {
    await rejects(p.sendBatch([{ body: Buffer.alloc(1200000) }], { partitionId: "0" }), "MessageTooLargeError", /exceeds the limit \(1048576 bytes\)/);
    await p.sendBatch([{ body: "small" }], { partitionId: "0" });
  });
  assert.equal((await consumer("js7", (c) => receive(c, "0", 1)))[0].body, "small");
});

test("the buffered producer delivers everything", async () => {
  const failed = [];
  const client = new EventHubBufferedProducerClient(connection, "js8", {
    onSendEventsErrorHandler: async (c) => failed.push(c.error),
    maxWaitTimeInMs: 50,
  });
  await withClient(client, async (p) => {
    for (let i = 0; i < 200; i++) await p.enqueueEvent({ body: i });
    await p.flush();
  });
  assert.deepEqual(failed, []);
  const total = await producer("js8", async (p) => {
    let n = 0;
    for (const id of await p.getPartitionIds()) n += (await p.getPartitionProperties(id)).lastEnqueuedSequenceNumber + 1;
    return n;
  });
  assert.equal(total, 200);
});

test("the buffered producer with keys", async () => {
  const failed = [];
  const client = new EventHubBufferedProducerClient(connection, "js31", {
    onSendEventsErrorHandler: async (c) => failed.push(c.error),
    maxWaitTimeInMs: 50,
  });
  await withClient(client, async (p) => {
    for (let i = 0; i < 50; i++) await p.enqueueEvent({ body: i }, { partitionKey: "TestKey" });
    await p.flush();
  });
  assert.deepEqual(failed, []);
  const events = await consumer("js31", (c) => receive(c, "1", 50)); // TestKey is partition 1 of four
  assert.deepEqual(events.map((e) => e.body), Array.from({ length: 50 }, (_, i) => i));
});

// The client's encoder puts the footer before the body.
test("a message with footer and delivery annotations", async () => {
  const message = { body: "annotated", bodyType: "data", footer: { f: "1" }, deliveryAnnotations: { k: "v" } };
  await producer("js32", (p) => p.sendBatch([message], { partitionId: "0" }));
  const [event] = await consumer("js32", (c) => receive(c, "0", 1));
  assert.equal(event.body, "annotated");
  const raw = event.getRawAmqpMessage();
  assert.equal(raw.footer.f, "1");
  assert.equal(raw.deliveryAnnotations.k, "v");
});
