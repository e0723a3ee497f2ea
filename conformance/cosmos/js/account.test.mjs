import assert from "node:assert/strict";
import { test } from "node:test";
import { CosmosClient } from "@azure/cosmos";
import { client, endpoint, freshContainer, rejects } from "./account.mjs";

test("the account has one region and session consistency", async () => {
  const { resource } = await client.getDatabaseAccount();
  // The client knows an emulator by its id, localhost, and stays on the endpoint.
  assert.deepEqual(resource.writableLocations, []);
  assert.equal(resource.consistencyPolicy, "Session");
  assert.equal(await client.getWriteEndpoint(), endpoint);
});

test("databases are created listed queried and deleted", async () => {
  const { database, resource } = await client.databases.create({ id: "life" });
  assert.equal(resource.id, "life");
  await rejects(client.databases.create({ id: "life" }), 409);
  assert.equal((await client.databases.createIfNotExists({ id: "life" })).statusCode, 200);
  const all = (await client.databases.readAll().fetchAll()).resources;
  assert.ok(all.some((d) => d.id === "life"));
  const found = await client.databases
    .query({ query: "SELECT * FROM root r WHERE r.id = @id", parameters: [{ name: "@id", value: "life" }] })
    .fetchAll();
  assert.equal(found.resources.length, 1);
  await database.delete();
  await rejects(database.read(), 404);
});

test("container definitions survive and can be replaced", async () => {
  const container = await freshContainer({
    partitionKey: { paths: ["/tenant", "/user"], kind: "MultiHash", version: 2 },
    defaultTtl: 3600,
    uniqueKeyPolicy: { uniqueKeys: [{ paths: ["/mail"] }] },
    indexingPolicy: {
      indexingMode: "consistent",
      includedPaths: [{ path: "/*" }],
      excludedPaths: [{ path: "/blob/*" }],
      compositeIndexes: [[{ path: "/a", order: "ascending" }, { path: "/b", order: "descending" }]],
    },
  });
  const { resource } = await container.read();
  assert.deepEqual(resource.partitionKey, { paths: ["/tenant", "/user"], kind: "MultiHash", version: 2 });
  assert.equal(resource.defaultTtl, 3600);
  assert.deepEqual(resource.uniqueKeyPolicy.uniqueKeys, [{ paths: ["/mail"] }]);
  assert.equal(resource.indexingPolicy.compositeIndexes[0][1].order, "descending");
  const replaced = await container.replace({ ...resource, defaultTtl: 60 });
  assert.equal(replaced.resource.defaultTtl, 60);
  await container.delete();
  await rejects(container.read(), 404);
});

test("throughput can be read and replaced", async () => {
  const { database } = await client.databases.createIfNotExists({ id: "js" });
  const { container } = await database.containers.create({ id: "offered", partitionKey: "/pk", throughput: 500 });
  const { offer, resource } = await container.readOffer();
  assert.equal(resource.content.offerThroughput, 500);
  resource.content.offerThroughput = 700;
  const replaced = await offer.replace(resource);
  assert.equal(replaced.resource.content.offerThroughput, 700);
  await container.delete();
});

test("a wrong key is unauthorized", async () => {
  const wrong = new CosmosClient({ endpoint, key: Buffer.from("not the key").toString("base64") });
  const e = await rejects(wrong.databases.readAll().fetchAll(), 401);
  assert.match(e.message, /authorization token/);
});

test("feed ranges cover the container", async () => {
  const container = await freshContainer();
  const ranges = await container.getFeedRanges();
  assert.equal(ranges.length, 1);
  const { resources } = await container.readPartitionKeyRanges().fetchAll();
  assert.deepEqual([resources[0].minInclusive, resources[0].maxExclusive], ["", "FF"]);
});

test("scripts are refused by name", async () => {
  const container = await freshContainer();
  const sproc = await rejects(container.scripts.storedProcedures.create({ id: "s", body: "function () {}" }), 400);
  assert.match(sproc.message, /Stored procedures/);
  const udf = await rejects(container.scripts.userDefinedFunctions.create({ id: "u", body: "function () {}" }), 400);
  assert.match(udf.message, /User defined functions/);
  assert.deepEqual((await container.scripts.triggers.readAll().fetchAll()).resources, []);
});
