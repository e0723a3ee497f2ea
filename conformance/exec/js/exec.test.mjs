// Programs as they are written for Azure: its host names, DefaultAzureCredential,
// and nothing of Lazuli. That they reach it is the work of `lazuli exec`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CosmosClient } from "@azure/cosmos";
import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import { ClientSecretCredential, DefaultAzureCredential } from "@azure/identity";
import { BlobSASPermissions, BlobServiceClient, BlockBlobClient, generateBlobSASQueryParameters } from "@azure/storage-blob";

const developer = new DefaultAzureCredential();
// an application that may only read
const reader = new ClientSecretCredential("adfs", process.env.READER_ID, process.env.READER_SECRET, {
  authorityHost: process.env.READER_AUTHORITY,
});
const once = { retryOptions: { maxRetries: 0, timeoutInMs: 15000 } };

async function send(namespace, body, credential) {
  const client = new EventHubProducerClient(`${namespace}.servicebus.windows.net`, "orders", credential, once);
  try {
    await client.sendBatch([{ body }]);
  } finally {
    await client.close();
  }
}

// receive returns the bodies of all events, of which there is one at least.
async function receive(namespace, credential) {
  const client = new EventHubConsumerClient("$Default", `${namespace}.servicebus.windows.net`, "orders", credential, once);
  const bodies = [];
  try {
    await new Promise((resolve, reject) => {
      client.subscribe("0", {
        processEvents: async (events) => {
          bodies.push(...events.map((e) => e.body));
          if (events.length === 0 && bodies.length > 0) resolve();
        },
        processError: async (error) => reject(error),
      }, { startPosition: { offset: "-1" }, maxWaitTimeInSeconds: 1 });
    });
  } finally {
    await client.close();
  }
  return bodies;
}

const orders = (account, aadCredentials) =>
  new CosmosClient({ endpoint: `https://${account}.documents.azure.com:443/`, aadCredentials }).database("shop").container("orders");

test("hubs", async () => {
  await send("contoso-evhns", "js-contoso", developer);
  await send("fabrikam-evhns", "js-fabrikam", developer);
  assert.deepEqual(await receive("contoso-evhns", developer), ["js-contoso"]);
  assert.deepEqual(await receive("fabrikam-evhns", developer), ["js-fabrikam"]);
});

test("hubs without a role", async () => {
  await assert.rejects(send("contoso-evhns", "never", reader), /Send/);
});

test("documents", async () => {
  await orders("contoso-cosmos", developer).items.upsert({ id: "js", of: "contoso" });
  await orders("fabrikam-cosmos", developer).items.upsert({ id: "js", of: "fabrikam" });
  assert.equal((await orders("contoso-cosmos", developer).item("js", "js").read()).resource.of, "contoso");
  assert.equal((await orders("fabrikam-cosmos", developer).items.query("SELECT * FROM c").fetchAll()).resources.length, 1);
});

test("documents without a role", async () => {
  await assert.rejects(orders("contoso-cosmos", reader).items.upsert({ id: "never" }), (e) => e.code === 403);
});

test("reader reads", async () => {
  await orders("contoso-cosmos", developer).items.upsert({ id: "read", of: "contoso" });
  assert.equal((await orders("contoso-cosmos", reader).item("read", "read").read()).resource.of, "contoso");
});

const deployments = (account, credential) =>
  new BlobServiceClient(`https://${account}.blob.core.windows.net`, credential, { retryOptions: { maxTries: 1 } }).getContainerClient("deployments");
const put = (account, text, credential) => deployments(account, credential).uploadBlockBlob("js", text, text.length);
const get = async (account, credential) => (await deployments(account, credential).getBlobClient("js").downloadToBuffer()).toString();

test("blobs", async () => {
  await put("contososa", "contoso", developer);
  await put("fabrikamsa", "fabrikam", developer);
  assert.equal(await get("contososa", developer), "contoso");
  assert.equal(await get("fabrikamsa", developer), "fabrikam");
});

test("blobs without a role", async () => {
  await put("contososa", "read", developer);
  assert.equal(await get("contososa", reader), "read");
  await assert.rejects(put("contososa", "never", reader), { statusCode: 403, code: "AuthorizationPermissionMismatch" });
  await assert.rejects(get("fabrikamsa", reader), { statusCode: 403 });
  const signedFrom = new Date(Date.now() - 300_000);
  const expiresOn = new Date(Date.now() + 3600_000);
  const service = new BlobServiceClient("https://contososa.blob.core.windows.net", reader);
  const key = await service.getUserDelegationKey(signedFrom, expiresOn);
  const query = generateBlobSASQueryParameters({ containerName: "deployments", blobName: "js", permissions: BlobSASPermissions.parse("rw"), expiresOn }, key, "contososa");
  const signed = new BlockBlobClient(`https://contososa.blob.core.windows.net/deployments/js?${query}`);
  assert.equal((await signed.downloadToBuffer()).toString(), "read");
  await assert.rejects(signed.upload("x", 1), { statusCode: 403 }); // a signature gives no more than its maker may
});
