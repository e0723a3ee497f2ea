import assert from "node:assert/strict";
import { before, test } from "node:test";
import { freshContainer, rejects } from "./account.mjs";

let container;

before(async () => {
  container = await freshContainer();
  const operations = Array.from({ length: 60 }, (_, i) => ({
    operationType: "Create",
    partitionKey: `d${i % 3}`,
    resourceBody: { id: `${i}`.padStart(2, "0"), pk: `d${i % 3}`, ts: 1000 + i, data: { temperature: 20 + (i % 30) }, tags: [`t${i % 2}`, "all"] },
  }));
  await container.items.executeBulkOperations(operations);
});

const all = async (query, options) => (await container.items.query(query, options).fetchAll()).resources;

test("filters projections and parameters", async () => {
  assert.deepEqual(
    await all({ query: "SELECT c.id, c.data.temperature AS t FROM c WHERE c.pk = @pk AND c.ts < @ts", parameters: [{ name: "@pk", value: "d1" }, { name: "@ts", value: 1005 }] }),
    [{ id: "01", t: 21 }, { id: "04", t: 24 }],
  );
  assert.deepEqual(await all({ query: "SELECT VALUE c.id FROM c WHERE ARRAY_CONTAINS(@ids, c.id)", parameters: [{ name: "@ids", value: ["03", "59", "x"] }] }), ["03", "59"]);
  assert.deepEqual(await all("SELECT VALUE c.id FROM c WHERE STARTSWITH(c.id, '5') AND c.pk = 'd0'"), ["51", "54", "57"]);
  assert.deepEqual(await all("SELECT VALUE t FROM c JOIN t IN c.tags WHERE c.id = '00'"), ["t0", "all"]);
});

test("order by with top and offset limit", async () => {
  assert.deepEqual(await all("SELECT TOP 3 VALUE c.id FROM c ORDER BY c.ts DESC"), ["59", "58", "57"]);
  assert.deepEqual(await all("SELECT TOP 2 VALUE c.id FROM c WHERE c.pk = 'd1' ORDER BY c.ts DESC"), ["58", "55"]);
  assert.deepEqual(await all("SELECT VALUE c.id FROM c WHERE c.data.temperature > 47 ORDER BY c.ts DESC"), ["59", "58", "29", "28"]);
  assert.deepEqual(await all("SELECT VALUE c.id FROM c ORDER BY c.ts OFFSET 58 LIMIT 10"), ["58", "59"]);
});

test("aggregates group by and distinct", async () => {
  assert.deepEqual(await all("SELECT VALUE COUNT(1) FROM c"), [60]);
  assert.deepEqual(await all("SELECT VALUE COUNT(1) FROM c", { partitionKey: "d2" }), [20]);
  assert.deepEqual(await all("SELECT c.pk, COUNT(1) AS n, MAX(c.ts) AS newest FROM c GROUP BY c.pk"), [
    { pk: "d0", n: 20, newest: 1057 }, { pk: "d1", n: 20, newest: 1058 }, { pk: "d2", n: 20, newest: 1059 },
  ]);
  assert.deepEqual(await all("SELECT VALUE AVG(c.ts) FROM c"), [1029.5]);
  assert.deepEqual(await all("SELECT VALUE COUNT(1) FROM c WHERE c.ts > 1009 ORDER BY c.ts DESC"), [50]);
  assert.deepEqual(await all("SELECT DISTINCT VALUE c.pk FROM c"), ["d0", "d1", "d2"]);
});

test("the query plan gives the same answers", async () => {
  for (const query of [
    "SELECT TOP 5 * FROM c ORDER BY c.ts DESC", "SELECT c.pk, COUNT(1) AS n FROM c GROUP BY c.pk", "SELECT VALUE COUNT(1) FROM c", "SELECT VALUE MAX(c.ts) FROM c ORDER BY c.id",
    "SELECT DISTINCT VALUE c.pk FROM c", "SELECT VALUE c.id FROM c ORDER BY c.ts OFFSET 10 LIMIT 5", "SELECT * FROM c WHERE c.data.temperature > 45",
  ]) {
    assert.deepEqual(await all(query, { forceQueryPlan: true }), await all(query), query);
    assert.deepEqual(await all(query, { enableQueryControl: true }), await all(query), query);
  }
});

test("pages have the size asked for and can be resumed", async () => {
  for (const query of ["SELECT VALUE c.id FROM c", "SELECT VALUE c.id FROM c ORDER BY c.ts DESC"]) {
    const seen = [];
    let continuationToken;
    for (let pages = 0; ; pages++) {
      assert.ok(pages < 20, "the query does not end");
      const page = await container.items.query(query, { maxItemCount: 7, continuationToken }).fetchNext();
      assert.ok(page.resources.length <= 7);
      seen.push(...page.resources);
      continuationToken = page.continuationToken;
      if (!continuationToken) break;
    }
    assert.equal(new Set(seen).size, 60, query);
    assert.equal(seen.length, 60, query);
  }
});

test("metrics and charges are reported", async () => {
  const page = await container.items.query("SELECT * FROM c WHERE c.pk = 'd1'", { populateQueryMetrics: true }).fetchNext();
  assert.ok(page.requestCharge > 0);
  assert.equal(page.resources.length, 20);
});

test("errors say where", async () => {
  const syntax = await rejects(container.items.query("SELECT * FROM c WHERE c.a = = 1").fetchAll(), 400);
  assert.match(syntax.message, /SC1001/);
  const unknown = await rejects(container.items.query("SELECT VALUE NO_SUCH(c.a) FROM c").fetchAll(), 400);
  assert.match(unknown.message, /NO_SUCH/i);
  const udf = await rejects(container.items.query("SELECT VALUE udf.f(c.a) FROM c").fetchAll(), 400);
  assert.match(udf.message, /udf/i);
});
