import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { BlobCheckpointStore } from "@azure/eventhubs-checkpointstore-blob";
import { ContainerClient } from "@azure/storage-blob";
import { consumer, receive, send } from "./hub.mjs";

// The function app of the Go driver reads hub js39 and writes what it saw to a file.
const [namespace, hub, group] = ["localhost", "js39", "$Default"];
const store = new BlobCheckpointStore(new ContainerClient(process.env.STORAGE_CONNECTION_STRING, "azure-webjobs-eventhub"));

const checkpoint = async () => (await store.listCheckpoints(namespace, hub, group)).find((c) => c.partitionId === "0");
const ownership = async () => (await store.listOwnership(namespace, hub, group)).find((o) => o.partitionId === "0");
const seen = () => readFileSync(process.env.FUNCTION_SEEN, "utf8").trim().split("\n").join(" ");

async function eventually(what, check) {
  for (let left = 1200; left > 0; left--) {
    const found = await check();
    if (found) return found;
    await pause(100);
  }
  throw new Error(`no ${what}`);
}

// claim makes an owner of the partition as a processor does; "" gives it back.
async function claim(ownerId) {
  const [now] = await store.claimOwnership([{ ...(await ownership()), ownerId }]);
  assert.ok(now, "the claim was lost to another");
}

test("a processor goes on where the functions host was, and the host where the processor was", async () => {
  await send(hub, "0", "a", "b");
  await eventually("checkpoint of the host", async () => (await checkpoint())?.sequenceNumber === 1);
  assert.notEqual((await ownership()).ownerId, "");
  assert.equal(seen(), "a b");

  await eventually("claim", () => claim("sdk").then(() => true, () => false)); // the host may renew its own between
  await pause(10_000); // it looks every second, and shows nobody that it has
  await send(hub, "0", "c", "d");
  const { offset } = await checkpoint();
  const events = await consumer(hub, (c) => receive(c, "0", 2, { startPosition: { offset } }));
  assert.deepEqual(events.map((e) => e.body), ["c", "d"]);
  const last = events[1];
  await store.updateCheckpoint({
    fullyQualifiedNamespace: namespace, eventHubName: hub, consumerGroup: group, partitionId: "0",
    offset: last.offset, sequenceNumber: last.sequenceNumber,
  });
  await claim("");

  await send(hub, "0", "e");
  await eventually("checkpoint after the last event", async () => (await checkpoint()).sequenceNumber === 4);
  assert.equal(seen(), "a b e");
});
