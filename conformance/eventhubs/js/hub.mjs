// The namespace under test, from the environment of the Go driver, and what the
// tests share. Every test has a hub of its own: js1, js2, … with four partitions
// and the consumer group "second".
import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";

export const connection = process.env.EVENTHUB_CONNECTION_STRING;
export const listenOnly = process.env.EVENTHUB_CONNECTION_STRING_LISTEN_ONLY;
export const sendOnly = process.env.EVENTHUB_CONNECTION_STRING_SEND_ONLY;

const once = { retryOptions: { maxRetries: 0, timeoutInMs: 15000 } };
const limit = 120_000;

// withClient runs the body with a client and closes it.
export async function withClient(client, body) {
  try {
    return await body(client);
  } finally {
    await client.close();
  }
}

export const producer = (hub, body, conn = connection) =>
  withClient(new EventHubProducerClient(conn, hub, once), body);

export const consumer = (hub, body, { conn = connection, group = "$Default" } = {}) =>
  withClient(new EventHubConsumerClient(group, conn, hub, once), body);

// send sends the bodies to one partition, in one batch.
export const send = (hub, partitionId, ...bodies) =>
  producer(hub, (p) => p.sendBatch(bodies.map((body) => ({ body })), { partitionId }));

// receive collects count events of one partition, or fails with the first error.
export function receive(client, partitionId, count, options = {}) {
  return new Promise((resolve, reject) => {
    const events = [];
    const settle = async (action, value) => {
      clearTimeout(timer);
      await subscription.close();
      action(value);
    };
    const timer = setTimeout(() => settle(reject, new Error(`${events.length} of ${count} events`)), limit);
    const subscription = client.subscribe(
      partitionId,
      {
        processEvents: async (batch) => {
          events.push(...batch);
          if (events.length >= count) await settle(resolve, events);
        },
        processError: async (error) => settle(reject, error),
      },
      { startPosition: { offset: "-1" }, maxWaitTimeInSeconds: 1, maxBatchSize: 50, ...options },
    );
  });
}

// rejects returns the error of a promise that must fail with the code and text.
export async function rejects(promise, code, text) {
  try {
    await promise;
  } catch (e) {
    if (e.code !== code || !text.test(e.message)) {
      throw new Error(`failed with ${e.code}: ${e.message}`, { cause: e });
    }
    return e;
  }
  throw new Error(`succeeded instead of failing with ${code}`);
}
