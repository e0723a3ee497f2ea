import assert from "node:assert/strict";
import { test } from "node:test";
import { BulkOperationType, PartitionKeyBuilder } from "@azure/cosmos";
import { freshContainer, rejects } from "./account.mjs";

test("items are created read replaced upserted and deleted", async () => {
  const container = await freshContainer();
  const created = await container.items.create({ id: "1", pk: "a", n: 1, deep: { list: [1, { x: "ü" }] } });
  assert.equal(created.statusCode, 201);
  assert.ok(created.requestCharge > 0);
  assert.ok(created.resource._etag && created.resource._rid && created.resource._ts > 0);
  const read = await container.item("1", "a").read();
  assert.deepEqual(read.resource, created.resource);
  const replaced = await container.item("1", "a").replace({ id: "1", pk: "a", n: 2 });
  assert.equal(replaced.resource.n, 2);
  assert.equal(replaced.resource._rid, created.resource._rid);
  assert.notEqual(replaced.resource._etag, created.resource._etag);
  assert.equal((await container.items.upsert({ id: "1", pk: "a", n: 3 })).statusCode, 200);
  assert.equal((await container.items.upsert({ id: "2", pk: "a" })).statusCode, 201);
  assert.equal((await container.item("1", "a").delete()).statusCode, 204);
  assert.equal((await container.item("1", "a").read()).statusCode, 404);
  await rejects(container.item("1", "a").delete(), 404);
  await rejects(container.item("1", "a").replace({ id: "1", pk: "a" }), 404);
});

test("the same id lives once in each partition", async () => {
  const container = await freshContainer();
  await container.items.create({ id: "1", pk: "a" });
  await rejects(container.items.create({ id: "1", pk: "a" }), 409);
  await container.items.create({ id: "1", pk: "b" });
});

test("unusual ids and values come back", async () => {
  const container = await freshContainer();
  for (const id of ["with space", "ünïcode 鱀", "a.b:c;d,e=f@g", "100%", "quote'\"", "emoji 🚀"]) {
    const item = { id, pk: id, text: "line\nbreak \u0001 \u2028", big: 9007199254740991, small: 1e-7, none: null };
    await container.items.create(item);
    const { resource } = await container.item(id, id).read();
    for (const name of Object.keys(item)) {
      assert.deepEqual(resource[name], item[name]);
    }
  }
});

test("etags guard writes and reads", async () => {
  const container = await freshContainer();
  const { resource, etag } = await container.items.create({ id: "1", pk: "a", n: 1 });
  assert.equal(etag, resource._etag);
  const stale = { accessCondition: { type: "IfMatch", condition: etag } };
  await container.item("1", "a").replace({ ...resource, n: 2 }, stale);
  await rejects(container.item("1", "a").replace({ ...resource, n: 3 }, stale), 412);
  await rejects(container.item("1", "a").delete(stale), 412);
  await rejects(container.items.upsert({ ...resource, n: 3 }, stale), 412);
  const now = (await container.item("1", "a").read()).etag;
  const same = await container.item("1", "a").read({ accessCondition: { type: "IfNoneMatch", condition: now } });
  assert.equal(same.statusCode, 304);
});

test("patches change parts", async () => {
  const container = await freshContainer();
  await container.items.create({ id: "1", pk: "a", n: 1, tags: ["x"], old: true });
  const item = container.item("1", "a");
  const { resource } = await item.patch([
    { op: "incr", path: "/n", value: 4 },
    { op: "add", path: "/tags/-", value: "y" },
    { op: "add", path: "/tags/0", value: "w" },
    { op: "set", path: "/deep", value: { a: 1 } },
    { op: "replace", path: "/deep/a", value: 2 },
    { op: "move", from: "/old", path: "/new" },
  ]);
  assert.deepEqual([resource.n, resource.tags, resource.deep, resource.new, resource.old], [5, ["w", "x", "y"], { a: 2 }, true, undefined]);
  await rejects(item.patch({ condition: "from c where c.n > 100", operations: [{ op: "set", path: "/n", value: 0 }] }), 412);
  await item.patch({ condition: "from c where c.n = 5", operations: [{ op: "remove", path: "/new" }] });
  await rejects(item.patch([{ op: "replace", path: "/missing", value: 1 }]), 400);
  await rejects(item.patch([{ op: "set", path: "/pk", value: "b" }]), 400);
});

test("partition keys may be numbers booleans null and none", async () => {
  const container = await freshContainer();
  const { PartitionKeyBuilder: Builder } = await import("@azure/cosmos");
  const none = new Builder().addNoneValue().build();
  for (const [item, key] of [
    [{ id: "1", pk: 1.5 }, 1.5], [{ id: "1", pk: true }, true], [{ id: "1", pk: null }, null], [{ id: "1" }, none], [{ id: "1", pk: "" }, ""],
  ]) {
    await container.items.create(item);
    assert.equal((await container.item("1", key).read()).resource?.id, "1");
    const { resources } = await container.items.query("SELECT * FROM c", { partitionKey: key }).fetchAll();
    assert.equal(resources.length, 1, `key ${JSON.stringify(key)}`);
  }
  assert.equal((await container.items.readAll().fetchAll()).resources.length, 5);
});

test("hierarchical keys address items and prefixes", async () => {
  const container = await freshContainer({ partitionKey: { paths: ["/tenant", "/user", "/session"], kind: "MultiHash", version: 2 } });
  const key = (...parts) => parts.reduce((b, p) => b.addValue(p), new PartitionKeyBuilder()).build();
  for (const [tenant, user] of [["t1", "u1"], ["t1", "u2"], ["t2", "u1"]]) {
    await container.items.create({ id: "1", tenant, user, session: 7 });
  }
  assert.equal((await container.item("1", key("t1", "u2", 7)).read()).resource.user, "u2");
  const { resources } = await container.items.query("SELECT VALUE c.user FROM c WHERE c.tenant = 't1' ORDER BY c.user").fetchAll();
  assert.deepEqual(resources, ["u1", "u2"]);
  const under = await container.items.query("SELECT * FROM c", { partitionKey: key("t1") }).fetchAll();
  assert.equal(under.resources.length, 2);
});

test("unique keys hold within a partition", async () => {
  const container = await freshContainer({ uniqueKeyPolicy: { uniqueKeys: [{ paths: ["/mail"] }] } });
  await container.items.create({ id: "1", pk: "a", mail: "m" });
  await rejects(container.items.create({ id: "2", pk: "a", mail: "m" }), 409);
  await container.items.create({ id: "2", pk: "b", mail: "m" });
});

test("expired items disappear", async () => {
  const container = await freshContainer({ defaultTtl: -1 });
  await container.items.create({ id: "1", pk: "a", ttl: 1 });
  await container.items.create({ id: "2", pk: "a" });
  const deadline = Date.now() + 120_000;
  while ((await container.item("1", "a").read()).statusCode !== 404) {
    assert.ok(Date.now() < deadline, "still there after 120 s");
    await new Promise((r) => setTimeout(r, 50));
  }
  assert.equal((await container.item("2", "a").read()).statusCode, 200);
});

test("transactional batches are all or nothing", async () => {
  const container = await freshContainer();
  const good = await container.items.batch(
    [
      { operationType: BulkOperationType.Create, resourceBody: { id: "1", pk: "a", n: 1 } },
      { operationType: BulkOperationType.Upsert, resourceBody: { id: "2", pk: "a" } },
      { operationType: BulkOperationType.Patch, id: "1", resourceBody: { operations: [{ op: "incr", path: "/n", value: 1 }] } },
      { operationType: BulkOperationType.Read, id: "1" },
      { operationType: BulkOperationType.Delete, id: "2" },
    ],
    "a",
  );
  assert.deepEqual(good.result.map((r) => r.statusCode), [201, 201, 200, 200, 204]);
  assert.equal(good.result[3].resourceBody.n, 2);
  const bad = await container.items.batch(
    [
      { operationType: BulkOperationType.Create, resourceBody: { id: "3", pk: "a" } },
      { operationType: BulkOperationType.Create, resourceBody: { id: "1", pk: "a" } },
    ],
    "a",
  );
  assert.equal(bad.code, 207);
  assert.deepEqual(bad.result.map((r) => r.statusCode), [424, 409]);
  assert.equal((await container.item("3", "a").read()).statusCode, 404);
});

test("bulks run each operation for itself", async () => {
  const container = await freshContainer();
  const create = Array.from({ length: 250 }, (_, i) => ({
    operationType: BulkOperationType.Create,
    partitionKey: `p${i % 7}`,
    resourceBody: { id: `${i}`, pk: `p${i % 7}`, i },
  }));
  const made = await container.items.executeBulkOperations(create);
  assert.ok(made.every((r) => r.response?.statusCode === 201), JSON.stringify(made.find((r) => r.response?.statusCode !== 201)));
  const mixed = await container.items.executeBulkOperations([
    { operationType: BulkOperationType.Read, partitionKey: "p0", id: "0" },
    { operationType: BulkOperationType.Create, partitionKey: "p1", resourceBody: { id: "1", pk: "p1" } },
    { operationType: BulkOperationType.Delete, partitionKey: "p2", id: "2" },
  ]);
  assert.deepEqual(mixed.map((r) => r.response?.statusCode ?? r.error?.code), [200, 409, 204]);
  const { resources } = await container.items.query("SELECT VALUE COUNT(1) FROM c").fetchAll();
  assert.deepEqual(resources, [249]);
});

test("documents over two megabytes are refused", async () => {
  const container = await freshContainer();
  await rejects(container.items.create({ id: "1", pk: "a", s: "x".repeat(2.1 * 1024 * 1024) }), 413);
  assert.equal((await container.items.readAll().fetchAll()).resources.length, 0);
});

test("all items of a partition key are deleted at once", async () => {
  const container = await freshContainer();
  for (let i = 0; i < 6; i++) {
    await container.items.create({ id: `${i}`, pk: i % 2 ? "a" : "b" });
  }
  const { statusCode } = await container.deleteAllItemsForPartitionKey("a");
  assert.equal(statusCode, 200);
  const { resources } = await container.items.readAll().fetchAll();
  assert.deepEqual(resources.map((r) => r.pk), ["b", "b", "b"]);
});

test("bulk and batch reads of what is known are 304", async () => {
  const container = await freshContainer();
  const { etag } = await container.items.create({ id: "1", pk: "a" });
  const reads = (partitionKey) => [etag, '"other"'].map((ifNoneMatch) => ({ operationType: BulkOperationType.Read, id: "1", partitionKey, ifNoneMatch }));
  const bulk = await container.items.executeBulkOperations(reads("a"));
  assert.deepEqual(bulk.map((r) => r.response?.statusCode ?? r.error.code), [304, 200]);
  const batch = await container.items.batch(reads(), "a");
  assert.deepEqual(batch.result.map((r) => r.statusCode), [304, 200]);
});

test("ids have up to 1023 bytes", async () => {
  const container = await freshContainer();
  for (const id of ["i".repeat(1023), "물".repeat(341)]) {
    await container.items.create({ id, pk: "a" });
    assert.equal((await container.item(id, "a").read()).resource.id, id);
  }
  await rejects(container.items.create({ id: "i".repeat(1024), pk: "a" }), 400);
});
