// The account under test, from the environment of the Go driver.
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";

export const connection = process.env.AZURE_STORAGE_CONNECTION_STRING;
export const options = { retryOptions: { maxTries: 1 } };
export const blobs = BlobServiceClient.fromConnectionString(connection, options);
export const queues = QueueServiceClient.fromConnectionString(connection, options);

let counter = 0;
export const freshName = (what) => `js-${what}-${process.pid}-${counter++}`;

// freshContainer and freshQueue make one of its own for a test.
export async function freshContainer(more) {
  const client = blobs.getContainerClient(freshName("box"));
  await client.create(more);
  return client;
}

export async function freshQueue(more) {
  const client = queues.getQueueClient(freshName("line"));
  await client.create(more);
  return client;
}

export const soon = () => new Date(Date.now() + 3600_000);

// rejects runs the promise and returns the error, which must have status and code.
export async function rejects(promise, status, code) {
  try {
    await promise;
  } catch (e) {
    const got = e.response?.headers?.get("x-ms-error-code") ?? e.code;
    if (e.statusCode !== status || got !== code) {
      throw new Error(`${e.statusCode} ${got} instead of ${status} ${code}: ${e.message}`, { cause: e });
    }
    return e;
  }
  throw new Error(`succeeded instead of failing with ${status} ${code}`);
}

export async function collect(iterator) {
  const all = [];
  for await (const item of iterator) all.push(item);
  return all;
}

export const text = async (client, ...range) => (await client.downloadToBuffer(...range)).toString();
