// rhea, an AMQP client that knows nothing of Event Hubs. Every test has a hub of
// its own: rhea1, rhea2, … with four partitions.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import rhea from "rhea";

const [host, port] = process.env.EVENTHUB_ADDRESS.split(":");
const key = { username: "RootManageSharedAccessKey", password: "SAS_KEY_VALUE" };
const limit = 120_000;

// connected runs the body with an open connection and closes it.
async function connected(credentials, body) {
  const connection = rhea.create_container().connect({ host, port: +port, reconnect: false, ...credentials });
  connection.on("error", () => {}); // what goes wrong shows in the test's own events
  await next(connection, "connection_open");
  try {
    return await body(connection);
  } finally {
    connection.close();
  }
}

// next waits for one event of an emitter and returns its context.
const next = async (emitter, name) => (await once(emitter, name, { signal: AbortSignal.timeout(limit) }))[0];

async function send(connection, address, ...messages) {
  const sender = connection.open_sender(address);
  await next(sender, "sendable");
  let accepted = 0;
  const all = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${accepted} of ${messages.length} accepted`)), limit);
    sender.on("accepted", () => ++accepted === messages.length && resolve(clearTimeout(timer)));
    sender.on("rejected", (context) => reject(context.delivery.remote_state.error));
  });
  for (const message of messages) sender.send(message);
  await all;
  sender.close();
}

// receive collects count messages of partition 0.
async function receive(connection, hub, count, options = {}) {
  const { filter, ...rest } = options;
  const receiver = connection.open_receiver({ source: { address: `${hub}/ConsumerGroups/$Default/Partitions/0`, filter }, credit_window: 20, ...rest });
  const got = [];
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${got.length} of ${count} messages`)), limit);
    receiver.on("message", (context) => {
      got.push(context);
      if (got.length === count) resolve(clearTimeout(timer));
    });
    receiver.on("receiver_error", () => reject(receiver.error));
  });
  receiver.close();
  return got;
}

// ask reads the hub's properties over $management on a connection without any
// token on $cbs, as Java and .NET do.
async function ask(connection, hub, token) {
  const receiver = connection.open_receiver({ source: "$management", target: "replies" });
  const sender = connection.open_sender({ target: "$management" });
  await next(sender, "sendable");
  const reply = next(receiver, "message");
  sender.send({ message_id: "1", reply_to: "replies", body: null,
    application_properties: { operation: "READ", type: "com.microsoft:eventhub", name: hub, security_token: token } });
  const { message } = await reply;
  return [message.application_properties["status-code"], message.body];
}

function signature(hub, secret) {
  const uri = encodeURIComponent(`sb://localhost/${hub}`), end = Math.floor(Date.now() / 1000) + 3600;
  const sig = crypto.createHmac("sha256", secret).update(`${uri}\n${end}`).digest("base64");
  return `SharedAccessSignature sr=${uri}&sig=${encodeURIComponent(sig)}&se=${end}&skn=RootManageSharedAccessKey`;
}

test("send and receive more than the credit window", () =>
  connected(key, async (c) => {
    const bodies = Array.from({ length: 200 }, (_, i) => `message ${i}`);
    await send(c, "rhea1/Partitions/0", ...bodies.map((body) => ({ body, application_properties: { site: "north" } })));
    const got = await receive(c, "rhea1", bodies.length);
    assert.deepEqual(got.map((x) => x.message.body), bodies);
    assert.equal(got[0].message.application_properties.site, "north");
    assert.equal(got[199].message.message_annotations["x-opt-sequence-number"], 199);
  }));

test("a start position in rhea's own filter", () =>
  connected(key, async (c) => {
    await send(c, "rhea2/Partitions/0", { body: "a" }, { body: "b" }, { body: "c" });
    const filter = rhea.filter.selector("amqp.annotation.x-opt-sequence-number > '1'");
    const [got] = await receive(c, "rhea2", 1, { filter });
    assert.equal(got.message.body, "c");
  }));

// Mode mixed gives settled transfers: the official Go client asks for it and
// counts on that. A receiver that wants to settle itself asks for unsettled.
test("settlement as the receiver asks for it", () =>
  connected(key, async (c) => {
    await send(c, "rhea3/Partitions/0", { body: "a" }, { body: "b" });
    for (const [mode, settled] of [[0, false], [1, true], [2, true]]) {
      const got = await receive(c, "rhea3", 2, { snd_settle_mode: mode, autoaccept: false });
      assert.deepEqual(got.map((x) => x.delivery.remote_settled), [settled, settled]);
      if (!settled) for (const x of got) x.delivery.accept();
    }
  }));

test("$management without a token on $cbs", async () => {
  await connected({ username: "anonymous" }, async (c) => {
    const [status, body] = await ask(c, "rhea4", signature("rhea4", "SAS_KEY_VALUE"));
    assert.equal(status, 200);
    assert.deepEqual(body.partition_ids, ["0", "1", "2", "3"]);
  });
  await connected({ username: "anonymous" }, async (c) => assert.equal((await ask(c, "rhea4", signature("rhea4", "wrong")))[0], 401));
  await connected(key, async (c) => assert.equal((await ask(c, "rhea4", signature("rhea4", "wrong")))[0], 401));
});

test("footer before body", () =>
  connected(key, async (c) => {
    await send(c, "rhea5/Partitions/0", { body: "x", footer: { f: "1" }, delivery_annotations: { k: "v" } });
    const [{ message }] = await receive(c, "rhea5", 1);
    assert.equal(message.body, "x");
    assert.equal(message.footer.f, "1");
    assert.equal(message.delivery_annotations.k, "v");
  }));

test("refusals", () =>
  connected(key, async (c) => {
    const hub = c.open_sender("nowhere");
    await next(hub, "sender_error");
    assert.equal(hub.error.condition, "amqp:not-found");
    const partition = c.open_receiver("rhea6/ConsumerGroups/$Default/Partitions/4");
    await next(partition, "receiver_error");
    assert.equal(partition.error.condition, "com.microsoft:argument-out-of-range");
  }));

test("a message beyond the limit is rejected, and the link survives", () =>
  connected(key, async (c) => {
    const sender = c.open_sender("rhea7/Partitions/0");
    await next(sender, "sendable");
    sender.send({ body: Buffer.alloc(1200000) });
    const { delivery } = await next(sender, "rejected");
    assert.equal(delivery.remote_state.error.condition, "amqp:link:message-size-exceeded");
    sender.send({ body: "small" });
    await next(sender, "accepted");
  }));
