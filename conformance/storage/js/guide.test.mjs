import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";

test("the program of the guide to storage runs as it stands there", async (t) => {
  const code = (await readFile(process.env.GUIDE, "utf8")).match(/^```js\n(.*?)^```$/ms)[1];
  const file = new URL("guide.mjs", import.meta.url); // beside the packages
  await writeFile(file, code);
  const said = [];
  t.mock.method(console, "log", (line) => said.push(line));
  await import(file);
  assert.ok(said.includes("notes/js.txt"), String(said));
});
