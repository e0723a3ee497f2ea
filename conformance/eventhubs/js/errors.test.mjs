import assert from "node:assert/strict";
import { test } from "node:test";
import { connection, consumer, listenOnly, producer, receive, rejects, sendOnly } from "./hub.mjs";

test("properties of the hub and its partitions", async () => {
  await producer("js21", async (p) => {
    const hub = await p.getEventHubProperties();
    assert.equal(hub.name, "js21");
    assert.deepEqual(hub.partitionIds, ["0", "1", "2", "3"]);
    assert.ok(Math.abs(Date.now() - hub.createdOn) < 600000);
    const empty = await p.getPartitionProperties("1");
    assert.equal(empty.isEmpty, true);
    assert.equal(empty.lastEnqueuedSequenceNumber, -1);
    assert.equal(empty.beginningSequenceNumber, 0);
    assert.equal(empty.eventHubName, "js21");
    await p.sendBatch([{ body: 1 }], { partitionId: "1" });
    const full = await p.getPartitionProperties("1");
    assert.equal(full.isEmpty, false);
    assert.equal(full.lastEnqueuedSequenceNumber, 0);
    assert.ok(Math.abs(Date.now() - full.lastEnqueuedOnUtc) < 60000);
  });
});

test("an unknown hub", () =>
  producer("nowhere", (p) => rejects(p.sendBatch([{ body: 1 }]), "MessagingEntityNotFoundError", /The messaging entity .*nowhere.* could not be found/)));

test("an unknown partition", async () => {
  await producer("js22", (p) => rejects(p.sendBatch([{ body: 1 }], { partitionId: "4" }), "ArgumentOutOfRangeError", /The specified partition is invalid/));
  await producer("js22", (p) => rejects(p.getPartitionProperties("nine"), "ArgumentOutOfRangeError", /The specified partition is invalid/));
});

test("an unknown consumer group", () =>
  consumer("js23", (c) => rejects(receive(c, "0", 1), "MessagingEntityNotFoundError", /could not be found/), { group: "strangers" }));

test("a wrong key", () =>
  producer("js24", (p) => rejects(p.sendBatch([{ body: 1 }]), "UnauthorizedError", /InvalidSignature/),
    connection.replace(/SharedAccessKey=[^;]*/, "SharedAccessKey=wrong")));

test("rights are enforced", async () => {
  await producer("js25", (p) => rejects(p.sendBatch([{ body: 1 }]), "UnauthorizedError", /'Send' claim\(s\) are required/), listenOnly);
  await consumer("js25", (c) => rejects(receive(c, "0", 1), "UnauthorizedError", /'Listen' claim\(s\) are required/), { conn: sendOnly });
});

// The flag is what the buffered producer's option of this name sets on the
// producer below it; the buffered one itself would try again for ever.
test("idempotent publishing is refused by name", () =>
  producer("js26", (p) => {
    p._enableIdempotentRetries = true;
    return rejects(p.sendBatch([{ body: 1 }], { partitionId: "0" }), "NotImplementedError", /Idempotent publishing .* is not supported. Turn the client's idempotent retries off/);
  }));

// People and tools search for these words of the service.
test("a position beyond the end", () =>
  consumer("js33", async (c) => {
    for (const [startPosition, text] of [
      [{ offset: "999999999" }, /^The supplied offset '999999999' is invalid\. The last offset in the system is '-1'/],
      [{ sequenceNumber: 999999999 }, /^The supplied sequence number '999999999' is invalid\. The last sequence number in the system is '-1'/],
    ]) {
      await rejects(receive(c, "0", 1, { startPosition }), "ArgumentError", text);
    }
  }));
