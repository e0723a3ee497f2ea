import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { earliestEventPosition, latestEventPosition } from "@azure/event-hubs";
import { consumer, producer, receive, rejects, send } from "./hub.mjs";

test("every start position", async () => {
  await send("js11", "0", "a", "b");
  const before = await producer("js11", (p) => p.getPartitionProperties("0"));
  await pause(5); // the next events must be younger by a millisecond at least
  await send("js11", "0", "c", "d");
  await consumer("js11", async (c) => {
    const first = async (startPosition) => (await receive(c, "0", 1, { startPosition, maxBatchSize: 1 }))[0].body;
    assert.equal(await first(earliestEventPosition), "a");
    assert.equal(await first({ offset: before.lastEnqueuedOffset }), "c");
    assert.equal(await first({ offset: before.lastEnqueuedOffset, isInclusive: true }), "b");
    assert.equal(await first({ sequenceNumber: 1 }), "c");
    assert.equal(await first({ sequenceNumber: 1, isInclusive: true }), "b");
    assert.equal(await first({ enqueuedOn: before.lastEnqueuedOnUtc }), "c");
    assert.equal(await first({ enqueuedOn: new Date(before.lastEnqueuedOnUtc - 1) }), "a");
  });
});

test("latest sees only what comes later", async () => {
  await send("js12", "0", "old");
  await consumer("js12", async (c) => {
    const received = receive(c, "0", 1, { startPosition: latestEventPosition });
    await producer("js12", async (p) => {
      const sending = setInterval(() => p.sendBatch([{ body: "new" }], { partitionId: "0" }), 100);
      try {
        assert.equal((await received)[0].body, "new");
      } finally {
        clearInterval(sending);
      }
    });
  });
});

test("two consumer groups read independently", async () => {
  await send("js13", "3", 1, 2, 3);
  for (const group of ["$Default", "$default", "SECOND"]) {
    const events = await consumer("js13", (c) => receive(c, "3", 3), { group });
    assert.deepEqual(events.map((e) => e.body), [1, 2, 3]);
  }
});

test("all partitions through one subscription", async () => {
  for (const id of ["0", "1", "2", "3"]) await send("js14", id, `p${id}`);
  await consumer("js14", (c) =>
    new Promise((resolve, reject) => {
      const seen = new Set();
      const timer = setTimeout(() => reject(new Error([...seen].join())), 120_000);
      const subscription = c.subscribe(
        {
          processEvents: async (events) => {
            events.forEach((e) => seen.add(e.body));
            if (seen.size === 4) {
              clearTimeout(timer);
              await subscription.close();
              resolve();
            }
          },
          processError: async (e) => reject(e),
        },
        { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 },
      );
    }));
});

test("the runtime metric travels with events", async () => {
  await send("js15", "0", "a", "b", "c");
  await consumer("js15", (c) =>
    new Promise((resolve, reject) => {
      const subscription = c.subscribe(
        "0",
        {
          processEvents: async (events, context) => {
            if (events.length === 0) return;
            await subscription.close();
            try {
              assert.equal(context.lastEnqueuedEventProperties.sequenceNumber, 2);
              assert.ok(Math.abs(Date.now() - context.lastEnqueuedEventProperties.enqueuedOn) < 60000);
              resolve();
            } catch (e) {
              reject(e);
            }
          },
          processError: async (e) => reject(e),
        },
        { startPosition: earliestEventPosition, trackLastEnqueuedEventProperties: true, maxBatchSize: 1 },
      );
    }));
});

test("a higher epoch takes the partition over", async () => {
  await send("js16", "0", "x");
  await consumer("js16", async (low) => {
    let reads;
    const reading = new Promise((resolve) => (reads = resolve));
    const lost = new Promise((resolve) => {
      const subscription = low.subscribe(
        "0",
        {
          processEvents: async () => reads(),
          processError: async (e) => {
            await subscription.close();
            resolve(e);
          },
        },
        { startPosition: earliestEventPosition, ownerLevel: 1, maxWaitTimeInSeconds: 1 },
      );
    });
    await reading;
    await consumer("js16", (high) => receive(high, "0", 1, { ownerLevel: 2 }));
    const e = await lost;
    assert.equal(e.code, "ReceiverDisconnectedError");
    assert.match(e.message, /New receiver '.+' with higher epoch of '2' is created hence current receiver '.+' with epoch '1' is getting disconnected/);
  });
});

test("a lower epoch is refused while the owner lives", async () => {
  await send("js17", "0", "x");
  await consumer("js17", async (owner) => {
    const done = new Promise((resolve) => {
      const subscription = owner.subscribe(
        "0",
        { processEvents: async (events) => events.length > 0 && resolve(subscription), processError: async () => {} },
        { startPosition: earliestEventPosition, ownerLevel: 5, maxWaitTimeInSeconds: 1 },
      );
    });
    const subscription = await done;
    await consumer("js17", (c) => rejects(receive(c, "0", 1, { ownerLevel: 4 }), "ReceiverDisconnectedError", /with a higher epoch '5' already exists/));
    await consumer("js17", (c) => rejects(receive(c, "0", 1), "ReceiverDisconnectedError", /non-epoch receiver is not allowed/));
    await subscription.close();
  });
});
