import assert from "node:assert/strict";
import { test } from "node:test";
import { AzureSASCredential, TableClient, TableServiceClient, TableTransaction, generateAccountSas, generateTableSas, odata } from "@azure/data-tables";
import { collect, credential, endpoint, freshTable, name, key, options, rejects, service, tableClient } from "./account.mjs";

const row = (rowKey, rest = {}) => ({ partitionKey: "p", rowKey, ...rest });

test("tables are created listed and deleted", async () => {
  const table = await freshTable();
  await table.createTable(); // the client takes a table that exists for made
  const found = await collect(service.listTables({ queryOptions: { filter: odata`TableName eq ${table.tableName}` } }));
  assert.deepEqual(found.map((t) => t.name), [table.tableName]);
  await rejects(service.createTable("a-b"), 400, "InvalidResourceName");
  await service.deleteTable(table.tableName);
  await service.deleteTable(table.tableName); // a missing one is deleted
  await rejects(table.getEntity("p", "r"), 404, "TableNotFound");
});

test("tables are listed by pages", async () => {
  const names = [];
  for (let i = 0; i < 3; i++) names.push((await freshTable()).tableName);
  const pages = [];
  for await (const page of service.listTables().byPage({ maxPageSize: 1 })) pages.push(page.length);
  assert.ok(pages.length >= 3 && pages.every((n) => n <= 1));
  assert.ok(names.every((n) => n));
});

test("every type comes back", async () => {
  const table = await freshTable();
  const when = new Date("2024-01-31T12:00:00.123Z");
  const entity = {
    partitionKey: "p'q é", rowKey: "r (1), =%2F+", text: "O'Neil \"<é> 😀\n", empty: "", yes: true, small: -7, half: 0.5, big: 9007199254740993n, when,
    raw: new Uint8Array([0, 255, 97]), who: { type: "Guid", value: "c9da6455-213d-42c9-9a79-3e9149a57833" }, whole: { type: "Double", value: "40" },
    long: { type: "Int64", value: "-1" }, nothing: null,
  };
  const added = await table.createEntity(entity);
  const got = await table.getEntity(entity.partitionKey, entity.rowKey);
  assert.equal(got.etag, added.etag);
  assert.equal(got.partitionKey, entity.partitionKey);
  assert.equal(got.rowKey, entity.rowKey);
  assert.equal(got.text, entity.text);
  assert.equal(got.empty, "");
  assert.equal(got.yes, true);
  assert.equal(got.small, -7);
  assert.equal(got.half, 0.5);
  assert.equal(got.whole, 40);
  assert.equal(got.big, 9007199254740993n);
  assert.equal(got.long, -1n);
  assert.equal(got.when.getTime(), when.getTime());
  assert.deepEqual([...got.raw], [0, 255, 97]);
  assert.deepEqual(got.who, entity.who);
  assert.equal("nothing" in got, false);
  const plain = await table.getEntity(entity.partitionKey, entity.rowKey, { disableTypeConversion: true });
  assert.deepEqual(plain.big, { type: "Int64", value: "9007199254740993" });
  const some = await table.getEntity(entity.partitionKey, entity.rowKey, { queryOptions: { select: ["small"] } });
  assert.equal(some.small, -7);
  assert.equal(some.half, undefined);
});

test("entities are created updated upserted and deleted", async () => {
  const table = await freshTable();
  const first = await table.createEntity(row("1", { a: 1, b: 2 }));
  await rejects(table.createEntity(row("1")), 409, "EntityAlreadyExists");
  await table.updateEntity(row("1", { a: 9 }), "Merge");
  assert.equal((await table.getEntity("p", "1")).b, 2);
  await rejects(table.updateEntity(row("1"), "Replace", { etag: first.etag }), 412, "UpdateConditionNotSatisfied");
  const now = (await table.getEntity("p", "1")).etag;
  await table.updateEntity(row("1", { c: 3 }), "Replace", { etag: now });
  assert.equal((await table.getEntity("p", "1")).a, undefined);
  await rejects(table.updateEntity(row("none"), "Merge"), 404, "ResourceNotFound");
  await table.upsertEntity(row("2", { a: 1 }), "Merge");
  await table.upsertEntity(row("2", { b: 2 }), "Merge");
  assert.equal((await table.getEntity("p", "2")).a, 1);
  await table.upsertEntity(row("2", { c: 3 }), "Replace");
  assert.equal((await table.getEntity("p", "2")).a, undefined);
  await rejects(table.upsertEntity(row("a#b")), 400, "OutOfRangeInput");
  await rejects(table.deleteEntity("p", "1", { etag: now }), 412, "UpdateConditionNotSatisfied");
  await table.deleteEntity("p", "1");
  await rejects(table.deleteEntity("p", "1"), 404, "ResourceNotFound");
  await rejects(table.getEntity("p", "1"), 404, "ResourceNotFound");
});

test("queries filter select and page", async () => {
  const table = await freshTable();
  const actions = [];
  for (let i = 0; i < 25; i++) actions.push(["create", row(`${i}`.padStart(2, "0"), { n: i, long: { type: "Int64", value: `${i}` }, odd: i % 2 === 1, at: new Date(i * 1000) })]);
  await table.submitTransaction(actions);
  const rows = async (filter, select) => (await collect(table.listEntities({ queryOptions: { filter, select } }))).map((e) => e.rowKey);
  assert.equal((await rows()).length, 25);
  assert.deepEqual(await rows(odata`PartitionKey eq ${"p"} and RowKey gt ${"22"}`), ["23", "24"]);
  assert.deepEqual(await rows(odata`n ge ${23} and odd eq ${true}`), ["23"]);
  assert.deepEqual(await rows(odata`long gt ${22n}`), ["23", "24"]);
  assert.deepEqual(await rows(odata`at lt ${new Date(2000)}`), ["00", "01"]);
  assert.deepEqual(await rows("not (n lt 24) or RowKey eq '05'"), ["05", "24"]);
  const pages = [];
  for await (const page of table.listEntities().byPage({ maxPageSize: 10 })) pages.push(page.length);
  assert.deepEqual(pages, [10, 10, 5]);
  const [page] = await collect(table.listEntities().byPage({ maxPageSize: 10 })).then((all) => [all[0]]);
  const rest = await collect(table.listEntities().byPage({ maxPageSize: 100, continuationToken: page.continuationToken }));
  assert.equal(rest[0].length, 15);
  await rejects(rows("n eq"), 400, "InvalidInput");
  await rejects(rows("startswith(RowKey, '0')"), 501, "NotImplemented");
});

test("transactions are all or nothing", async () => {
  const table = await freshTable();
  await table.createEntity(row("old", { a: 1, b: 2 }));
  await table.createEntity(row("dead"));
  const t = new TableTransaction();
  t.createEntity(row("new", { a: 1 }));
  t.updateEntity(row("old", { a: 9 }), "Merge");
  t.upsertEntity(row("up"), "Replace");
  t.deleteEntity("p", "dead");
  const done = await table.submitTransaction(t.actions);
  assert.equal(done.status, 202);
  assert.deepEqual(done.subResponses.map((r) => r.status), [204, 204, 204, 204]);
  assert.ok(done.subResponses[0].etag.startsWith("W/"));
  assert.equal((await table.getEntity("p", "old")).b, 2);
  await rejects(table.submitTransaction([["create", row("x")], ["create", row("old")]]), 409, "EntityAlreadyExists");
  await rejects(table.getEntity("p", "x"), 404, "ResourceNotFound");
  await rejects(table.submitTransaction([["create", row("x")], ["upsert", row("x")]]), 400, "InvalidDuplicateRow");
});

test("access policies are kept and open a table", async () => {
  const table = await freshTable();
  const start = new Date(Date.now() - 3600_000);
  const expiry = new Date(Date.now() + 3600_000);
  await table.setAccessPolicy([{ id: "readers", accessPolicy: { start, expiry, permission: "r" } }]);
  const [policy] = await table.getAccessPolicy();
  assert.equal(policy.id, "readers");
  assert.equal(policy.accessPolicy.permission, "r");
  await table.createEntity(row("1"));
  const sas = generateTableSas(table.tableName, credential, { identifier: "readers" });
  const reader = new TableClient(endpoint, table.tableName, new AzureSASCredential(sas), options);
  assert.equal((await reader.getEntity("p", "1")).rowKey, "1");
  await rejects(reader.createEntity(row("2")), 403, "AuthorizationPermissionMismatch");
  await assert.rejects(tableClient("missing").getAccessPolicy(), { statusCode: 404 });
});

test("shared access signatures open what they say", async () => {
  const table = await freshTable();
  const range = generateTableSas(table.tableName, credential, { permissions: { query: true, add: true }, startPartitionKey: "p", endPartitionKey: "q", expiresOn: new Date(Date.now() + 3600_000) });
  const client = new TableClient(endpoint, table.tableName, new AzureSASCredential(range), options);
  await client.createEntity(row("1"));
  await rejects(client.createEntity({ partitionKey: "z", rowKey: "1" }), 403, "AuthorizationFailure");
  await client.submitTransaction([["create", row("2")]]);
  const account = generateAccountSas(credential, { permissions: { list: true, query: true }, resourceTypes: "sco", services: { table: true } });
  const lister = new TableServiceClient(endpoint, new AzureSASCredential(account), options);
  assert.ok((await collect(lister.listTables())).length > 0);
  await rejects(lister.createTable("nope"), 403, "AuthorizationPermissionMismatch");
});

test("service properties are kept", async () => {
  await service.setProperties({ cors: [{ allowedOrigins: "https://app.example", allowedMethods: "GET", allowedHeaders: "x-ms-*", exposedHeaders: "x-ms-*", maxAgeInSeconds: 5 }] });
  const got = await service.getProperties();
  assert.equal(got.cors[0].allowedOrigins, "https://app.example");
  assert.equal(got.logging.version, "1.0");
  await service.setProperties({ cors: [] });
  const stats = await new TableServiceClient(endpoint.replace(name, `${name}-secondary`), credential, options).getStatistics();
  assert.equal(stats.geoReplication.status, "live");
});

test("a connection string opens the account and a wrong key does not", async () => {
  const table = await freshTable();
  const text = `DefaultEndpointsProtocol=http;AccountName=${name};AccountKey=${key};TableEndpoint=${endpoint};`;
  await TableClient.fromConnectionString(text, table.tableName, options).createEntity(row("1"));
  const wrong = text.replace(key, Buffer.from("not the key").toString("base64"));
  await rejects(TableClient.fromConnectionString(wrong, table.tableName, options).getEntity("p", "1"), 403, "AuthenticationFailed");
});
