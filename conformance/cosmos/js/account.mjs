// The account under test, from the environment of the Go driver.
import { CosmosClient } from "@azure/cosmos";

export const endpoint = process.env.COSMOS_ENDPOINT;
export const key = process.env.COSMOS_KEY;

export const client = new CosmosClient({ endpoint, key });

let counter = 0;

// freshContainer makes a container of its own for a test.
export async function freshContainer(definition = {}) {
  const { database } = await client.databases.createIfNotExists({ id: "js" });
  const { container } = await database.containers.create({
    id: `c${process.pid}-${counter++}`,
    partitionKey: { paths: ["/pk"], version: 2 },
    ...definition,
  });
  return container;
}

// rejects runs the promise and returns the error, which must have the code.
export async function rejects(promise, code) {
  try {
    await promise;
  } catch (e) {
    if (e.code !== code) {
      throw new Error(`code ${e.code} instead of ${code}: ${e.message}`, { cause: e });
    }
    return e;
  }
  throw new Error(`succeeded instead of failing with ${code}`);
}
