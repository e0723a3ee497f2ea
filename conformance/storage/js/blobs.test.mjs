import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { test } from "node:test";
import {
  AccountSASPermissions, AccountSASResourceTypes, AccountSASServices, BlobClient, BlobSASPermissions, BlobServiceClient,
  ContainerClient, ContainerSASPermissions, generateAccountSASQueryParameters, generateBlobSASQueryParameters,
} from "@azure/storage-blob";
import { blobs, collect, connection, freshContainer, freshName, options, rejects, soon, text } from "./account.mjs";

const put = async (box, name, body, more) => {
  const blob = box.getBlockBlobClient(name);
  await blob.upload(body, Buffer.byteLength(body), more);
  return blob;
};
const signed = (blob, letters = "r") => blob.generateSasUrl({ permissions: BlobSASPermissions.parse(letters), expiresOn: soon() });

test("containers live and die", async () => {
  const name = freshName("box");
  const { containerClient: box } = await blobs.createContainer(name, { metadata: { purpose: "test", none: "" } });
  await rejects(box.create(), 409, "ContainerAlreadyExists");
  assert.equal((await box.createIfNotExists()).succeeded, false);
  await rejects(blobs.createContainer("No_Good"), 400, "InvalidResourceName");
  assert.equal(await box.exists(), true);
  assert.equal((await box.getProperties()).metadata.purpose, "test"); // the client drops headers without a value
  const [found] = await collect(blobs.listContainers({ prefix: name, includeMetadata: true }));
  assert.deepEqual(found.metadata, { purpose: "test", none: "" });
  await freshContainer();
  const pages = await collect(blobs.listContainers({ prefix: "js-box" }).byPage({ maxPageSize: 1 }));
  assert.ok(pages.length >= 2 && pages.every((p) => p.containerItems.length <= 1));
  await box.setMetadata({ two: "2" });
  const lease = box.getBlobLeaseClient();
  await lease.acquireLease(15);
  await rejects(box.delete(), 412, "LeaseIdMissing");
  await lease.releaseLease();
  assert.equal((await box.deleteIfExists()).succeeded, true);
  await rejects(box.getProperties(), 404, "ContainerNotFound");
  await rejects(collect(box.listBlobsFlat()), 404, "ContainerNotFound");
});

test("block blobs are written and read", async () => {
  const box = await freshContainer();
  const body = randomBytes(300_000);
  const blob = box.getBlockBlobClient("dir/é 1 +%.txt");
  await blob.uploadData(body, {
    metadata: { camelcase: "v", empty: "" }, tags: { kind: "raw data" },
    blobHTTPHeaders: { blobContentType: "text/plain", blobContentLanguage: "ko", blobContentDisposition: 'attachment; filename="a"', blobCacheControl: "no-cache" },
  });
  await rejects(blob.upload("x", 1, { conditions: { ifNoneMatch: "*" } }), 409, "BlobAlreadyExists");
  const got = await blob.getProperties();
  assert.equal(got.contentLength, body.length);
  assert.equal(got.contentLanguage, "ko");
  assert.equal(got.metadata.camelcase, "v");
  const [listed] = await collect(box.listBlobsFlat({ includeMetadata: true }));
  assert.deepEqual(listed.metadata, { camelcase: "v", empty: "" });
  assert.deepEqual(Buffer.from(got.contentMD5), createHash("md5").update(body).digest());
  assert.deepEqual(await blob.downloadToBuffer(), body);
  assert.deepEqual(await blob.downloadToBuffer(10, 20), body.subarray(10, 30));
  const part = await blob.download(0, 100, { rangeGetContentMD5: true });
  assert.deepEqual(Buffer.concat(await collect(part.readableStreamBody)), body.subarray(0, 100));
  assert.deepEqual(Buffer.from(part.contentMD5), createHash("md5").update(body.subarray(0, 100)).digest());
  await rejects(blob.download(body.length, 5), 416, "InvalidRange");
  await blob.setHTTPHeaders({ blobContentType: "text/csv" });
  assert.equal((await blob.getProperties()).cacheControl, undefined);
  await blob.setMetadata({ n: "1" });
  await rejects(box.getBlobClient("none").download(), 404, "BlobNotFound");
  assert.equal(await box.getBlobClient("none").exists(), false);
  await put(box, "empty", "");
  assert.equal(await text(box.getBlobClient("empty")), "");
  await rejects(blob.stageBlock("YQ==", "abc", 3, { transactionalContentMD5: Buffer.alloc(16) }), 400, "Md5Mismatch");
  await rejects(blob.stageBlock("YQ==", "abc", 3, { transactionalContentCrc64: Buffer.alloc(8) }), 400, "Crc64Mismatch");
  await blob.delete();
  await rejects(blob.delete(), 404, "BlobNotFound");
  assert.equal((await blob.deleteIfExists()).succeeded, false);
});

test("blocks are staged and committed", async () => {
  const box = await freshContainer();
  const blob = box.getBlockBlobClient("b");
  const id = (n) => Buffer.from(`00${n}`).toString("base64");
  for (const n of [1, 2, 3]) await blob.stageBlock(id(n), `part${n}`, 5);
  assert.equal(await blob.exists(), false);
  assert.equal((await blob.getBlockList("uncommitted")).uncommittedBlocks.length, 3);
  await blob.commitBlockList([id(2), id(1)]);
  assert.equal(await text(blob), "part2part1");
  await rejects(blob.commitBlockList([id(3)]), 400, "InvalidBlockList");
  await rejects(blob.stageBlock(Buffer.from("longer").toString("base64"), "x", 1), 400, "InvalidBlobOrBlock");
  const source = await signed(await put(box, "source", "0123456789"));
  await blob.stageBlockFromURL(id(4), source, 2, 3);
  await blob.commitBlockList([id(4)]);
  assert.equal(await text(blob), "234");
  await box.getBlockBlobClient("whole").syncUploadFromURL(source);
  assert.equal(await text(box.getBlobClient("whole")), "0123456789");
  await rejects(blob.syncUploadFromURL(box.getBlobClient("missing").url), 401, "CannotVerifyCopySource");
});

test("large content goes in parts and streams", async () => {
  const box = await freshContainer();
  const body = randomBytes(5 << 20);
  const blob = box.getBlockBlobClient("big");
  await blob.uploadStream(Readable.from([body.subarray(0, 3 << 20), body.subarray(3 << 20)]), 1 << 20, 3);
  assert.deepEqual(await blob.downloadToBuffer(0, undefined, { blockSize: 1 << 20, concurrency: 3 }), body);
  assert.equal((await blob.getBlockList("committed")).committedBlocks.length, 5);
  await blob.uploadData(body, { blockSize: 2 << 20, maxSingleShotSize: 1 << 20, concurrency: 2 });
  assert.equal((await blob.getBlockList("committed")).committedBlocks.length, 3);
});

test("conditions hold", async () => {
  const box = await freshContainer();
  const blob = await put(box, "c", "1");
  const { etag: old } = await blob.getProperties();
  await blob.upload("2", 1, { conditions: { ifMatch: old } });
  await rejects(blob.upload("3", 1, { conditions: { ifMatch: old } }), 412, "ConditionNotMet");
  await rejects(blob.download(0, undefined, { conditions: { ifMatch: old } }), 412, "ConditionNotMet");
  const { etag: now } = await blob.getProperties();
  await rejects(blob.getProperties({ conditions: { ifNoneMatch: now } }), 304, "ConditionNotMet");
  await rejects(blob.setMetadata({}, { conditions: { ifUnmodifiedSince: new Date(0) } }), 412, "ConditionNotMet");
  await blob.setTags({ a: "1" });
  await rejects(blob.delete({ conditions: { tagConditions: "\"a\"='2'" } }), 412, "ConditionNotMet");
});

test("leases", async () => {
  const box = await freshContainer();
  const blob = await put(box, "l", "1");
  const lease = blob.getBlobLeaseClient("00000000-0000-0000-0000-000000000001");
  await lease.acquireLease(15);
  assert.equal((await blob.getProperties()).leaseState, "leased");
  await rejects(blob.upload("2", 1), 412, "LeaseIdMissing");
  await rejects(blob.getBlobLeaseClient("00000000-0000-0000-0000-000000000002").renewLease(), 409, "LeaseIdMismatchWithLeaseOperation");
  await lease.renewLease();
  await lease.changeLease("00000000-0000-0000-0000-000000000003");
  await blob.upload("2", 1, { conditions: { leaseId: lease.leaseId } });
  await lease.breakLease(0);
  assert.equal((await blob.getProperties()).leaseState, "broken");
  await rejects(lease.renewLease(), 409, "LeaseIsBrokenAndCannotBeRenewed");
  await lease.releaseLease();
});

test("listings and tags", async () => {
  const box = await freshContainer();
  for (const name of ["a/1", "a/2", "b", "c/x/1"]) await put(box, name, "x", { metadata: { n: name }, tags: { first: name[0] } });
  const level = (await collect(box.listBlobsByHierarchy("/"))).map((b) => `${b.kind} ${b.name}`);
  assert.deepEqual(level.sort(), ["blob b", "prefix a/", "prefix c/"]);
  const [one] = await collect(box.listBlobsFlat({ prefix: "a/", includeMetadata: true, includeTags: true }));
  assert.equal(one.metadata.n, "a/1");
  assert.equal(one.tags.first, "a");
  const pages = await collect(box.listBlobsFlat().byPage({ maxPageSize: 3 }));
  assert.deepEqual(pages.map((p) => p.segment.blobItems.map((b) => b.name)), [["a/1", "a/2", "b"], ["c/x/1"]]);
  const where = `@container='${box.containerName}' AND "first"='a'`;
  assert.deepEqual((await collect(blobs.findBlobsByTags(where))).map((b) => b.name), ["a/1", "a/2"]);
  assert.deepEqual((await collect(box.findBlobsByTags("\"first\"='b'"))).map((b) => b.name), ["b"]);
  await rejects(collect(blobs.findBlobsByTags("first ==")), 400, "InvalidQueryParameterValue");
  const blob = box.getBlobClient("b");
  await blob.setTags({ a: "1", "b c": "" });
  assert.deepEqual((await blob.getTags()).tags, { a: "1", "b c": "" });
  await rejects(blob.setTags({ "a?": "1" }), 400, "InvalidTag");
});

test("append blobs", async () => {
  const box = await freshContainer();
  const log = box.getAppendBlobClient("log");
  await rejects(log.appendBlock("x", 1), 404, "BlobNotFound");
  await log.create({ metadata: { m: "1" } });
  assert.equal((await log.createIfNotExists()).succeeded, false);
  assert.equal((await log.appendBlock("one", 3)).blobAppendOffset, "0");
  assert.equal((await log.appendBlock("two", 3, { conditions: { appendPosition: 3 } })).blobCommittedBlockCount, 2);
  await rejects(log.appendBlock("x", 1, { conditions: { appendPosition: 0 } }), 412, "AppendPositionConditionNotMet");
  await rejects(log.appendBlock("x", 1, { conditions: { maxSize: 6 } }), 412, "MaxBlobSizeConditionNotMet");
  await log.appendBlockFromURL(await signed(await put(box, "s", "0123456789")), 0, 2);
  assert.equal(await text(log), "onetwo01");
  await log.seal();
  await rejects(log.appendBlock("x", 1), 409, "BlobIsSealed");
});

test("page blobs", async () => {
  const box = await freshContainer();
  const disk = box.getPageBlobClient("disk");
  await rejects(disk.create(100), 400, "InvalidHeaderValue");
  await disk.create(4096, { blobSequenceNumber: 7 });
  await disk.uploadPages(Buffer.alloc(1024, "a"), 512, 1024);
  await disk.clearPages(512, 512);
  assert.deepEqual((await disk.getPageRanges()).pageRange, [{ offset: 1024, count: 511 }]);
  assert.deepEqual((await collect(disk.listPageRanges())).map((r) => [r.start, r.end, r.isClear]), [[1024, 1535, false]]);
  const { snapshot } = await disk.createSnapshot();
  await disk.uploadPages(Buffer.alloc(512, "b"), 0, 512);
  assert.deepEqual((await disk.getPageRangesDiff(0, 4096, snapshot)).pageRange, [{ offset: 0, count: 511 }]);
  await disk.updateSequenceNumber("increment");
  assert.equal((await disk.getProperties()).blobSequenceNumber, 8);
  await rejects(disk.uploadPages(Buffer.alloc(512), 0, 512, { conditions: { ifSequenceNumberLessThan: 1 } }), 412, "SequenceNumberConditionNotMet");
  await disk.resize(1024);
  assert.equal(await text(disk), "b".repeat(512) + "\0".repeat(512));
  await disk.uploadPagesFromURL(await signed(await put(box, "s", "z".repeat(512))), 0, 512, 512);
  assert.equal(await text(disk, 512, 512), "z".repeat(512));
});

test("snapshots and copies", async () => {
  const box = await freshContainer();
  const blob = await put(box, "b", "old", { metadata: { m: "1" } });
  const { snapshot } = await blob.createSnapshot({ metadata: { s: "1" } });
  await blob.upload("new", 3);
  const then = blob.withSnapshot(snapshot);
  assert.equal(await text(then), "old");
  assert.deepEqual((await then.getProperties()).metadata, { s: "1" });
  assert.equal((await collect(box.listBlobsFlat({ includeSnapshots: true }))).length, 2);
  await rejects(blob.delete(), 409, "SnapshotsPresent");
  const copy = box.getBlobClient("copy");
  const done = await (await copy.beginCopyFromURL(then.url)).pollUntilDone();
  assert.equal(done.copyStatus, "success");
  assert.equal(await text(copy), "old");
  await rejects(copy.abortCopyFromURL(done.copyId), 409, "NoPendingCopyOperation");
  assert.equal((await copy.syncCopyFromURL(await signed(blob))).copyStatus, "success");
  assert.equal(await text(copy), "new");
  await rejects(copy.beginCopyFromURL(box.getBlobClient("missing").url), 404, "CannotVerifyCopySource");
  await blob.delete({ deleteSnapshots: "only" });
  await blob.delete({ deleteSnapshots: "include" });
});

test("copies from elsewhere", async () => {
  const box = await freshContainer();
  const waiting = [];
  const far = createServer((request, response) => {
    if (request.url === "/none") return response.writeHead(404).end();
    response.writeHead(200, { "Content-Length": 6, "Content-Type": "text/csv" });
    response.write("fro");
    waiting.push(response);
  }).listen(0, "127.0.0.1");
  await once(far, "listening");
  try {
    const url = `http://127.0.0.1:${far.address().port}/file`;
    const copy = box.getBlobClient("copy");
    let progress = "";
    const poller = await copy.beginCopyFromURL(url, { intervalInMs: 20, onProgress: (state) => (progress = state.copyProgress ?? progress) });
    while (progress !== "3/6") await poller.poll();
    assert.equal((await copy.getProperties()).copyStatus, "pending");
    await rejects(copy.delete(), 409, "PendingCopyOperation");
    waiting.pop().end("afr");
    assert.equal((await poller.pollUntilDone()).copyStatus, "success");
    assert.equal(await text(copy), "froafr");
    assert.equal((await copy.getProperties()).contentType, "text/csv");

    const dropped = box.getBlobClient("dropped");
    const { copyId } = await (await dropped.beginCopyFromURL(url, { intervalInMs: 20 })).getOperationState();
    await dropped.abortCopyFromURL(copyId);
    const left = await dropped.getProperties();
    assert.deepEqual([left.copyStatus, left.contentLength], ["aborted", 0]);
    await rejects(dropped.abortCopyFromURL(copyId), 409, "NoPendingCopyOperation");
    await rejects(box.getBlobClient("none").beginCopyFromURL(url.replace("/file", "/none")), 404, "CannotVerifyCopySource");
  } finally {
    far.closeAllConnections();
    far.close();
  }
});

test("tiers and batches", async () => {
  const box = await freshContainer();
  const three = await Promise.all(["1", "2", "3"].map((n) => put(box, n, "x")));
  await three[0].setAccessTier("Archive");
  await rejects(three[0].download(), 409, "BlobArchived");
  await three[0].setAccessTier("Cool");
  assert.equal((await three[0].getProperties()).accessTier, "Cool");
  const batch = blobs.getBlobBatchClient();
  assert.equal((await batch.setBlobsAccessTier(three, "Hot")).subResponsesSucceededCount, 3);
  const gone = await box.getBlobBatchClient().deleteBlobs([three[0], box.getBlobClient("none"), three[2]]);
  assert.deepEqual(gone.subResponses.map((r) => r.status), [202, 404, 202]);
  assert.equal(gone.subResponses[1].errorCode, "BlobNotFound");
});

test("shared access signatures open what they say", async () => {
  const box = await freshContainer();
  const blob = await put(box, "s", "secret");
  const reader = new BlobClient(await signed(blob), undefined, options);
  assert.equal(await text(reader), "secret");
  await rejects(reader.setMetadata({}), 403, "AuthorizationPermissionMismatch");
  await rejects(new BlobClient((await signed(blob)).replace("/s?", "/t?"), undefined, options).download(), 403, "AuthenticationFailed");
  await box.setAccessPolicy(undefined, [{ id: "readers", accessPolicy: { startsOn: new Date(Date.now() - 3600_000), expiresOn: soon(), permissions: "rl" } }]);
  assert.equal((await box.getAccessPolicy()).signedIdentifiers[0].id, "readers");
  const named = generateBlobSASQueryParameters({ containerName: box.containerName, identifier: "readers" }, blobs.credential);
  const lister = new ContainerClient(`${box.url}?${named}`, undefined, options);
  assert.deepEqual((await collect(lister.listBlobsFlat())).map((b) => b.name), ["s"]);
  await rejects(lister.deleteBlob("s"), 403, "AuthorizationPermissionMismatch");
  const direct = await box.generateSasUrl({ permissions: ContainerSASPermissions.parse("w"), expiresOn: soon() });
  await new ContainerClient(direct, undefined, options).uploadBlockBlob("w", "x", 1);
  const whole = generateAccountSASQueryParameters({
    permissions: AccountSASPermissions.parse("l"), resourceTypes: AccountSASResourceTypes.parse("s").toString(),
    services: AccountSASServices.parse("b").toString(), expiresOn: soon(),
  }, blobs.credential);
  const all = new BlobServiceClient(`${blobs.url}?${whole}`, undefined, options);
  assert.ok((await collect(all.listContainers())).length > 0);
  await rejects(all.getContainerClient(box.containerName).getBlobClient("s").download(), 403, "AuthorizationResourceTypeMismatch");
});

test("public containers and wrong keys", async () => {
  const box = await freshContainer({ access: "blob" });
  await put(box, "p", "open");
  const anybody = new ContainerClient(box.url, undefined, options);
  assert.equal(await text(anybody.getBlobClient("p")), "open");
  await box.setAccessPolicy(undefined);
  await rejects(anybody.getBlobClient("p").download(), 401, "NoAuthenticationInformation");
  const wrong = connection.replace(/AccountKey=[^;]*/, "AccountKey=bm90IHRoZSBrZXk=");
  await rejects(BlobServiceClient.fromConnectionString(wrong, options).getProperties(), 403, "AuthenticationFailed");
});

test("service properties are kept", async () => {
  await blobs.setProperties({
    cors: [{ allowedOrigins: "https://app.example", allowedMethods: "GET", allowedHeaders: "x-ms-*", exposedHeaders: "x-ms-*", maxAgeInSeconds: 5 }],
    deleteRetentionPolicy: { enabled: true, days: 3 }, staticWebsite: { enabled: true, indexDocument: "index.html" },
  });
  const got = await blobs.getProperties();
  assert.equal(got.cors[0].allowedOrigins, "https://app.example");
  assert.equal(got.deleteRetentionPolicy.days, 3);
  assert.equal(got.staticWebsite.indexDocument, "index.html");
  assert.equal(got.blobAnalyticsLogging.version, "1.0");
  const box = await freshContainer();
  const blob = await put(box, "d", "1");
  await blob.delete();
  assert.deepEqual((await collect(box.listBlobsFlat({ includeDeleted: true }))).map((b) => b.deleted), [true]);
  await blob.undelete();
  assert.equal(await text(blob), "1");
  await blobs.setProperties({ cors: [], deleteRetentionPolicy: { enabled: false }, staticWebsite: { enabled: false } });
  await rejects(blobs.setProperties({ deleteRetentionPolicy: { enabled: true, days: 500 } }), 400, "InvalidXmlNodeValue");
  assert.equal((await blobs.getAccountInfo()).accountKind, "StorageV2");
  const second = new BlobServiceClient(`${blobs.url.replace(/\/$/, "")}-secondary`, blobs.credential, options);
  assert.equal((await second.getStatistics()).geoReplication.status, "live");
});

test("structured bodies are checked on the way", async () => {
  const box = await freshContainer();
  const body = randomBytes(100_000);
  const blob = box.getBlockBlobClient("x");
  await blob.uploadData(body, { uploadContentChecksum: "StorageCrc64", contentChecksumAlgorithm: "StorageCrc64" });
  assert.deepEqual(await blob.downloadToBuffer(), body);
});

test("files go up and down", async () => {
  const box = await freshContainer();
  const blob = box.getBlockBlobClient("file");
  const here = `${process.cwd()}/${box.containerName}.bin`;
  await writeFile(here, "from a file");
  await blob.uploadFile(here);
  await blob.downloadToFile(`${here}.back`);
  assert.equal(await readFile(`${here}.back`, "utf8"), "from a file");
  await Promise.all([rm(here), rm(`${here}.back`)]);
  await rejects(box.getBlobClient("none").downloadToFile(`${here}.none`), 404, "BlobNotFound");
});

test("a container that is not kept does not come back", async () => {
  const box = await freshContainer();
  await put(box, "b", "1");
  await blobs.deleteContainer(box.containerName);
  await rejects(blobs.undeleteContainer(box.containerName, "01D60F8BB59A4652"), 404, "ContainerNotFound"); // not kept: no such policy
  assert.equal((await blobs.getContainerClient(freshName("x")).deleteIfExists()).succeeded, false);
});

test("what there is not is refused by name", async () => {
  const box = await freshContainer();
  const blob = await put(box, "b", "1");
  await rejects(blob.query("SELECT * FROM BlobStorage"), 501, "NotImplemented");
  await rejects(blob.setLegalHold(true), 501, "NotImplemented");
  await rejects(blob.setImmutabilityPolicy({ policyMode: "Unlocked", expiriesOn: soon() }), 501, "NotImplemented");
  await rejects(box.getPageBlobClient("copy").startCopyIncremental(`${blob.url}?snapshot=2026-01-01T00:00:00.0000000Z`), 501, "NotImplemented");
});

test("an account's signature is made by its client", async () => {
  const url = blobs.generateAccountSasUrl(soon(), AccountSASPermissions.parse("rl"), "sc");
  const lister = new BlobServiceClient(url, undefined, options);
  assert.ok((await collect(lister.listContainers())).length > 0);
  assert.equal((await lister.getAccountInfo()).skuName, "Standard_RAGRS");
  await rejects(lister.createContainer("nope"), 403, "AuthorizationPermissionMismatch");
});
