// The account under test, from the environment of the Go driver.
import { AzureNamedKeyCredential, TableClient, TableServiceClient } from "@azure/data-tables";

export const endpoint = process.env.TABLES_ENDPOINT;
export const name = process.env.TABLES_ACCOUNT;
export const key = process.env.TABLES_KEY;
export const credential = new AzureNamedKeyCredential(name, key);

export const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };

export const service = new TableServiceClient(endpoint, credential, options);

export const tableClient = (table) => new TableClient(endpoint, table, credential, options);

let counter = 0;

// freshTable makes a table of its own for a test.
export async function freshTable() {
  const client = tableClient(`js${process.pid}x${counter++}`);
  await client.createTable();
  return client;
}

// rejects runs the promise and returns the error, which must have status and code.
export async function rejects(promise, status, code) {
  try {
    await promise;
  } catch (e) {
    const got = e.details?.odataError?.code ?? e.code;
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
