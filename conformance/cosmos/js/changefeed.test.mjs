import assert from "node:assert/strict";
import { test } from "node:test";
import { ChangeFeedStartFrom } from "@azure/cosmos";
import { freshContainer } from "./account.mjs";

// drain reads an iterator until it says that there is nothing new.
async function drain(iterator) {
  const items = [];
  let token;
  while (iterator.hasMoreResults) {
    const page = await iterator.readNext();
    token = page.continuationToken ?? token;
    if (page.statusCode === 304) break;
    items.push(...page.result);
  }
  return { ids: items.map((i) => i.id), items, token };
}

test("the change feed begins goes on and shows the latest version", async () => {
  const container = await freshContainer();
  for (const id of ["1", "2", "3"]) await container.items.create({ id, pk: "a", v: 1 });
  await container.items.upsert({ id: "1", pk: "a", v: 2 });
  const start = { changeFeedStartFrom: ChangeFeedStartFrom.Beginning() };
  const first = await drain(container.items.getChangeFeedIterator({ ...start, maxItemCount: 2 }));
  assert.deepEqual(first.ids, ["2", "3", "1"]);
  assert.equal(first.items[2].v, 2);
  await container.items.create({ id: "4", pk: "b" });
  const next = await drain(container.items.getChangeFeedIterator({ changeFeedStartFrom: ChangeFeedStartFrom.Continuation(first.token) }));
  assert.deepEqual(next.ids, ["4"]);
  const keyed = await drain(container.items.getChangeFeedIterator({ changeFeedStartFrom: ChangeFeedStartFrom.Beginning("b") }));
  assert.deepEqual(keyed.ids, ["4"]);
});

test("the change feed starts now or at a time", async () => {
  const container = await freshContainer();
  await container.items.create({ id: "old", pk: "a" });
  const now = container.items.getChangeFeedIterator({ changeFeedStartFrom: ChangeFeedStartFrom.Now() });
  assert.equal((await now.readNext()).statusCode, 304);
  await container.items.create({ id: "new", pk: "a" });
  assert.deepEqual((await drain(now)).ids, ["new"]);
  const past = new Date(Date.now() - 3600_000);
  assert.deepEqual((await drain(container.items.getChangeFeedIterator({ changeFeedStartFrom: ChangeFeedStartFrom.Time(past) }))).ids, ["old", "new"]);
});
