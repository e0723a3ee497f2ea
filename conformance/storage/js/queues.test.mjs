import assert from "node:assert/strict";
import { test } from "node:test";
import { generateQueueSASQueryParameters, QueueClient, QueueSASPermissions, QueueServiceClient } from "@azure/storage-queue";
import { collect, connection, freshName, freshQueue, options, queues, rejects, soon } from "./account.mjs";

test("queues live and die", async () => {
  const name = freshName("line");
  const line = queues.getQueueClient(name);
  await line.create({ metadata: { kind: "test", none: "" } });
  assert.equal((await line.createIfNotExists({ metadata: { kind: "test", none: "" } })).succeeded, false);
  await rejects(line.create({ metadata: { other: "1" } }), 409, "QueueAlreadyExists");
  await rejects(queues.createQueue("No_Good"), 400, "InvalidResourceName");
  assert.equal(await line.exists(), true);
  assert.equal((await line.getProperties()).metadata.kind, "test");
  await line.setMetadata({ two: "2" });
  const [found] = await collect(queues.listQueues({ prefix: name, includeMetadata: true }));
  assert.deepEqual(found.metadata, { two: "2" });
  await freshQueue();
  assert.ok((await collect(queues.listQueues({ prefix: "js-line" }).byPage({ maxPageSize: 1 }))).every((p) => p.queueItems.length <= 1));
  await queues.deleteQueue(name);
  await rejects(line.getProperties(), 404, "QueueNotFound");
  await rejects(line.sendMessage("x"), 404, "QueueNotFound");
  assert.equal((await line.deleteIfExists()).succeeded, false);
});

test("messages", async () => {
  const line = await freshQueue();
  const body = "é &lt; 😀";
  const put = await line.sendMessage(body);
  const { peekedMessageItems: [peeked] } = await line.peekMessages();
  assert.equal(peeked.messageText, body);
  assert.equal(peeked.dequeueCount, 0);
  const { receivedMessageItems: [got] } = await line.receiveMessages({ visibilityTimeout: 20 });
  assert.equal(got.messageId, put.messageId);
  assert.equal(got.dequeueCount, 1);
  assert.equal((await line.receiveMessages()).receivedMessageItems.length, 0);
  assert.equal((await line.getProperties()).approximateMessagesCount, 1);
  await line.updateMessage(got.messageId, got.popReceipt, "changed", 0);
  await rejects(line.deleteMessage(got.messageId, got.popReceipt), 404, "MessageNotFound");
  await rejects(line.deleteMessage(got.messageId, "bm90IG9uZQ=="), 400, "PopReceiptMismatch");
  const { receivedMessageItems: [again] } = await line.receiveMessages();
  assert.equal(again.messageText, "changed");
  assert.equal(again.dequeueCount, 2);
  await line.deleteMessage(again.messageId, again.popReceipt);
  for (let i = 0; i < 5; i++) await line.sendMessage(String(i), { messageTimeToLive: -1 });
  assert.deepEqual((await line.receiveMessages({ numberOfMessages: 3 })).receivedMessageItems.map((m) => m.messageText), ["0", "1", "2"]);
  await line.sendMessage("later", { visibilityTimeout: 60 });
  assert.equal((await line.receiveMessages({ numberOfMessages: 32 })).receivedMessageItems.length, 2);
  await line.clearMessages();
  assert.equal((await line.getProperties()).approximateMessagesCount, 0);
  await rejects(line.sendMessage("x".repeat(70_000)), 413, "RequestBodyTooLarge");
  await rejects(line.receiveMessages({ numberOfMessages: 33 }), 400, "OutOfRangeQueryParameterValue");
  await rejects(line.sendMessage("x", { messageTimeToLive: 10, visibilityTimeout: 20 }), 400, "InvalidQueryParameterValue");
});

test("signatures and policies of queues", async () => {
  const line = await freshQueue();
  await line.sendMessage("1");
  const reader = new QueueClient(await line.generateSasUrl({ permissions: QueueSASPermissions.parse("r"), expiresOn: soon() }), undefined, options);
  assert.equal((await reader.peekMessages()).peekedMessageItems.length, 1);
  await rejects(reader.sendMessage("x"), 403, "AuthorizationPermissionMismatch");
  await line.setAccessPolicy([{ id: "workers", accessPolicy: { startsOn: new Date(Date.now() - 3600_000), expiresOn: soon(), permissions: "p" } }]);
  assert.equal((await line.getAccessPolicy()).signedIdentifiers[0].accessPolicy.permissions, "p");
  const named = generateQueueSASQueryParameters({ queueName: line.name, identifier: "workers" }, queues.credential);
  const worker = new QueueClient(`${line.url}?${named}`, undefined, options);
  assert.equal((await worker.receiveMessages()).receivedMessageItems.length, 1);
  await line.setAccessPolicy([]);
  await rejects(worker.receiveMessages(), 403, "AuthenticationFailed");
  const wrong = connection.replace(/AccountKey=[^;]*/, "AccountKey=bm90IHRoZSBrZXk=");
  await rejects(QueueServiceClient.fromConnectionString(wrong, options).getProperties(), 403, "AuthenticationFailed");
});

test("properties of the queue service", async () => {
  await queues.setProperties({ cors: [{ allowedOrigins: "*", allowedMethods: "GET", allowedHeaders: "*", exposedHeaders: "*", maxAgeInSeconds: 5 }] });
  assert.equal((await queues.getProperties()).cors[0].allowedOrigins, "*");
  await queues.setProperties({ cors: [] });
  const second = new QueueServiceClient(`${queues.url.replace(/\/$/, "")}-secondary`, queues.credential, options);
  const stats = await second.getStatistics(); // 12.32.0 looks for another root than Azure's StorageServiceStats
  assert.match(stats._response.bodyAsText, /<GeoReplication><Status>live<\/Status>/);
  await rejects(queues.getStatistics(), 400, "InvalidQueryParameterValue");
});
