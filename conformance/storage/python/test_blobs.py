import asyncio
import hashlib
import io
import os
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from azure.core import MatchConditions
from azure.storage.blob import (
    AccessPolicy,
    AccountSasPermissions,
    BlobBlock,
    BlobClient,
    BlobLeaseClient,
    BlobSasPermissions,
    BlobServiceClient,
    BlobType,
    ContainerClient,
    ContainerSasPermissions,
    ContentSettings,
    CorsRule,
    ImmutabilityPolicy,
    ResourceTypes,
    RetentionPolicy,
    SequenceNumberAction,
    StandardBlobTier,
    StaticWebsite,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)
from azure.storage.blob.aio import BlobServiceClient as AsyncBlobServiceClient

from account import CONNECTION, StorageTest, fresh, soon


class Blobs(StorageTest):
    def test_containers(self):
        name = fresh("box")
        box = self.blobs.create_container(name, metadata={"Purpose": "test", "none": ""})
        self.refused(409, "ContainerAlreadyExists", box.create_container)
        self.refused(400, "InvalidResourceName", self.blobs.create_container, "No_Good")
        self.assertTrue(box.exists())
        self.assertEqual(box.get_container_properties().metadata, {"Purpose": "test", "none": ""})
        self.assertEqual([(c.name, c.metadata["Purpose"]) for c in self.blobs.list_containers(name, include_metadata=True)], [(name, "test")])
        for _ in range(2):
            self.fresh_container()
        pages = [list(p) for p in self.blobs.list_containers("py-box", results_per_page=1).by_page()]
        self.assertTrue(len(pages) >= 3 and all(len(p) <= 1 for p in pages))
        box.set_container_metadata({"two": "2"})
        self.assertEqual(box.get_container_properties().metadata, {"two": "2"})
        lease = box.acquire_lease(15)
        self.refused(412, "LeaseIdMissing", box.delete_container)
        self.refused(409, "LeaseAlreadyPresent", box.acquire_lease, 15)
        box.delete_container(lease=lease)
        self.refused(404, "ContainerNotFound", box.get_container_properties)
        self.refused(404, "ContainerNotFound", box.list_blobs)
        self.assertFalse(box.exists())

    def test_block_blobs(self):
        box = self.fresh_container()
        body = os.urandom(300_000)
        settings = ContentSettings("text/plain", "identity", "ko", 'attachment; filename="a"', "no-cache")
        blob = box.upload_blob("dir/é 1 +%.txt", body, metadata={"camelCase": "v", "empty": ""}, content_settings=settings, tags={"kind": "raw data"}, validate_content=True)
        self.refused(409, "BlobAlreadyExists", box.upload_blob, blob.blob_name, b"x")
        got = blob.get_blob_properties()
        self.assertEqual((got.size, got.metadata, got.blob_type, got.tag_count), (len(body), {"camelCase": "v", "empty": ""}, BlobType.BLOCKBLOB, 1))
        c = got.content_settings
        self.assertEqual((c.content_type, c.content_encoding, c.content_language, c.content_disposition, c.cache_control),
                         ("text/plain", "identity", "ko", 'attachment; filename="a"', "no-cache"))
        self.assertEqual(bytes(c.content_md5), hashlib.md5(body).digest())
        self.assertEqual(blob.download_blob(decompress=False).readall(), body)
        self.assertEqual(blob.download_blob(10, 20, validate_content=True).readall(), body[10:30])
        sink = io.BytesIO()
        box.download_blob(blob.blob_name, max_concurrency=2).readinto(sink)
        self.assertEqual(sink.getvalue(), body)
        self.refused(416, "InvalidRange", blob.download_blob, len(body), 5)
        blob.set_http_headers(ContentSettings("text/csv"))
        self.assertIsNone(blob.get_blob_properties().content_settings.cache_control)
        blob.set_blob_metadata({"n": "1"})
        self.refused(400, "InvalidMetadata", blob.set_blob_metadata, {"a-b": "1"})
        self.assertEqual(box.get_blob_client("none").exists(), False)
        self.refused(404, "BlobNotFound", box.get_blob_client("none").download_blob)
        empty = box.upload_blob("empty", b"")
        self.assertEqual(empty.download_blob().readall(), b"")
        blob.delete_blob()
        self.refused(404, "BlobNotFound", blob.delete_blob)
        box.delete_blobs("empty")
        self.assertEqual(list(box.list_blob_names()), [])

    def test_blocks(self):
        box = self.fresh_container()
        blob = box.get_blob_client("b")
        for name, data in {"001": b"one", "002": b"two", "003": b"three"}.items():
            blob.stage_block(name, data)
        self.assertFalse(blob.exists())
        self.refused(404, "BlobNotFound", blob.get_blob_properties)
        committed, waiting = blob.get_block_list("all")
        self.assertEqual(([b.id for b in committed], sorted(b.id for b in waiting)), ([], ["001", "002", "003"]))
        blob.commit_block_list([BlobBlock("002"), BlobBlock("001")])
        self.assertEqual(blob.download_blob().readall(), b"twoone")
        self.refused(400, "InvalidBlockList", blob.commit_block_list, [BlobBlock("003")])
        self.refused(400, "InvalidBlobOrBlock", blob.stage_block, "longer", b"x")
        source = box.upload_blob("source", b"0123456789")
        url = source.url + "?" + generate_blob_sas(self.account, source.container_name, source.blob_name, account_key=self.key, permission=BlobSasPermissions(read=True), expiry=soon())
        blob.stage_block_from_url("004", url, 2, 3)
        blob.commit_block_list([BlobBlock("004")])
        self.assertEqual(blob.download_blob().readall(), b"234")
        box.get_blob_client("whole").upload_blob_from_url(url)
        self.assertEqual(box.download_blob("whole").readall(), b"0123456789")
        self.refused(403, "CannotVerifyCopySource", box.get_blob_client("w").upload_blob_from_url, url.replace("/source?", "/other?"))
        big = os.urandom(9 << 20)
        with BlobClient.from_connection_string(CONNECTION, box.container_name, "big", max_single_put_size=1 << 20, max_block_size=1 << 20) as parts:
            parts.upload_blob(io.BytesIO(big), max_concurrency=3)
            self.assertEqual(parts.download_blob(max_concurrency=3).readall(), big)
            self.assertEqual(len(parts.get_block_list()[0]), 9)

    def test_conditions(self):
        box = self.fresh_container()
        blob = box.upload_blob("c", b"1")
        old = blob.get_blob_properties()
        stale = {"etag": old.etag, "match_condition": MatchConditions.IfNotModified}
        blob.upload_blob(b"2", overwrite=True, **stale)
        self.refused(412, "ConditionNotMet", blob.upload_blob, b"3", overwrite=True, **stale)
        self.refused(412, "ConditionNotMet", blob.download_blob, **stale)
        now = blob.get_blob_properties().etag
        self.refused(304, "ConditionNotMet", blob.download_blob, etag=now, match_condition=MatchConditions.IfModified)
        self.refused(412, "ConditionNotMet", blob.set_blob_metadata, {}, if_unmodified_since=datetime.now(timezone.utc) - timedelta(days=1))
        blob.set_blob_tags({"a": "1"})
        self.assertEqual(blob.download_blob(if_tags_match_condition="\"a\"='1'").readall(), b"2")
        self.refused(412, "ConditionNotMet", blob.delete_blob, if_tags_match_condition="\"a\"='2'")

    def test_leases(self):
        box = self.fresh_container()
        blob = box.upload_blob("l", b"1")
        lease = blob.acquire_lease(15, "00000000-0000-0000-0000-000000000001")
        self.assertEqual(blob.get_blob_properties().lease.state, "leased")
        self.refused(412, "LeaseIdMissing", blob.upload_blob, b"2", overwrite=True)
        other = BlobLeaseClient(blob, "00000000-0000-0000-0000-000000000002")
        self.refused(412, "LeaseIdMismatchWithBlobOperation", blob.set_blob_metadata, {}, lease=other)
        self.refused(409, "LeaseIdMismatchWithLeaseOperation", other.renew)
        lease.renew()
        lease.change("00000000-0000-0000-0000-000000000003")
        blob.upload_blob(b"2", overwrite=True, lease=lease)
        self.assertEqual(lease.break_lease(0), 0)
        self.assertEqual(blob.get_blob_properties().lease.state, "broken")
        self.refused(409, "LeaseIsBrokenAndCannotBeRenewed", lease.renew)
        lease.release()
        self.refused(409, "LeaseNotPresentWithLeaseOperation", lease.break_lease)
        self.assertEqual(blob.get_blob_properties().lease.state, "available")

    def test_listings(self):
        box = self.fresh_container()
        for name in ["a/1", "a/2", "b", "c/x/1"]:
            box.upload_blob(name, b"x", metadata={"n": name.replace("/", "")}, tags={"first": name[0]})
        self.assertEqual([b.name for b in box.walk_blobs()], ["a/", "c/", "b"])  # the client has a page's folders first
        self.assertEqual([b.name for b in box.walk_blobs("c/")], ["c/x/"])
        self.assertEqual([(b.name, b.metadata["n"], b.tags["first"]) for b in box.list_blobs("a/", include=["metadata", "tags"])], [("a/1", "a1", "a"), ("a/2", "a2", "a")])
        self.assertEqual(list(box.list_blob_names()), ["a/1", "a/2", "b", "c/x/1"])
        self.assertEqual([[b.name for b in p] for p in box.list_blobs(results_per_page=3).by_page()], [["a/1", "a/2", "b"], ["c/x/1"]])
        where = f"@container='{box.container_name}' and \"first\"='a'"
        self.assertEqual([b.name for b in self.blobs.find_blobs_by_tags(where)], ["a/1", "a/2"])
        self.assertEqual([b.name for b in box.find_blobs_by_tags("\"first\"='b'")], ["b"])
        self.refused(400, "InvalidQueryParameterValue", self.blobs.find_blobs_by_tags, "first ==")
        self.refused(400, "InvalidQueryParameterValue", box.list_blobs, include=["nothing"])

    def test_append_blobs(self):
        box = self.fresh_container()
        log = box.get_blob_client("log")
        self.refused(404, "BlobNotFound", log.append_block, b"x")
        log.create_append_blob(metadata={"m": "1"})
        self.assertEqual(log.append_block(b"one")["blob_append_offset"], "0")
        self.assertEqual(log.append_block(b"two", appendpos_condition=3)["blob_append_offset"], "3")
        self.refused(412, "AppendPositionConditionNotMet", log.append_block, b"x", appendpos_condition=0)
        self.refused(412, "MaxBlobSizeConditionNotMet", log.append_block, b"x", maxsize_condition=6)
        log.upload_blob(b"three", BlobType.APPENDBLOB)
        source = box.upload_blob("s", b"0123456789")
        url = source.url + "?" + generate_blob_sas(self.account, source.container_name, "s", account_key=self.key, permission="r", expiry=soon())
        log.append_block_from_url(url, 0, 2)
        self.assertEqual(log.download_blob().readall(), b"onetwothree01")
        self.refused(409, "InvalidBlobType", source.append_block, b"x")
        self.assertTrue(log.seal_append_blob()["blob_sealed"])
        self.refused(409, "BlobIsSealed", log.append_block, b"x")

    def test_page_blobs(self):
        box = self.fresh_container()
        disk = box.get_blob_client("disk")
        disk.create_page_blob(4096, sequence_number=7)
        disk.upload_page(b"a" * 1024, 512, 1024)
        disk.clear_page(512, 512)
        self.assertEqual([(r.start, r.end, r.cleared) for r in disk.list_page_ranges()], [(1024, 1535, False)])
        self.assertEqual(disk.get_page_ranges()[0], [{"start": 1024, "end": 1535}])
        before = disk.create_snapshot()
        disk.upload_page(b"b" * 512, 0, 512)
        changed = disk.get_page_ranges(previous_snapshot_diff=before["snapshot"])[0]
        self.assertEqual(changed, [{"start": 0, "end": 511}])
        disk.set_sequence_number(SequenceNumberAction.Max, 9)
        self.assertEqual(disk.get_blob_properties().page_blob_sequence_number, 9)
        self.refused(412, "SequenceNumberConditionNotMet", disk.upload_page, b"b" * 512, 0, 512, if_sequence_number_lt=1)
        disk.resize_blob(1024)
        self.assertEqual(disk.download_blob().readall(), b"b" * 512 + b"\0" * 512)
        self.refused(400, "InvalidHeaderValue", box.get_blob_client("odd").create_page_blob, 100)
        source = box.upload_blob("s", b"z" * 512)
        url = source.url + "?" + generate_blob_sas(self.account, source.container_name, "s", account_key=self.key, permission="r", expiry=soon())
        disk.upload_pages_from_url(url, 512, 512, 0)
        self.assertEqual(disk.download_blob(512, 512).readall(), b"z" * 512)
        box.get_blob_client("p").upload_blob(b"q" * 1024, BlobType.PAGEBLOB)
        self.assertEqual(box.download_blob("p").readall(), b"q" * 1024)

    def test_snapshots_and_copies(self):
        box = self.fresh_container()
        blob = box.upload_blob("b", b"old", metadata={"m": "1"})
        shot = blob.create_snapshot(metadata={"s": "1"})
        blob.upload_blob(b"new", overwrite=True)
        then = box.get_blob_client("b", snapshot=shot["snapshot"])
        self.assertEqual((then.download_blob().readall(), then.get_blob_properties().metadata), (b"old", {"s": "1"}))
        self.assertEqual([bool(b.snapshot) for b in box.list_blobs(include=["snapshots"])], [True, False])
        self.refused(409, "SnapshotsPresent", blob.delete_blob)
        copy = box.get_blob_client("copy")
        done = copy.start_copy_from_url(then.url)
        self.assertEqual(done["copy_status"], "success")
        self.assertEqual((copy.download_blob().readall(), copy.get_blob_properties().copy.progress), (b"old", "3/3"))
        self.refused(409, "NoPendingCopyOperation", copy.abort_copy, done["copy_id"])
        self.refused(401, "CannotVerifyCopySource", copy.start_copy_from_url, blob.url, requires_sync=True)  # it wants a signature
        token = generate_blob_sas(self.account, box.container_name, "b", account_key=self.key, permission="r", expiry=soon())
        self.assertEqual(copy.start_copy_from_url(f"{blob.url}?{token}", requires_sync=True)["copy_status"], "success")
        self.refused(404, "CannotVerifyCopySource", copy.start_copy_from_url, blob.url + "x")
        blob.delete_blob(delete_snapshots="only")
        blob.delete_blob(delete_snapshots="include")
        self.refused(404, "BlobNotFound", then.download_blob)

    def test_copies_from_elsewhere(self):
        go_on = threading.Event()

        class Far(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"fro")
                self.wfile.flush()
                go_on.wait()
                self.wfile.write(b"afr")

            def log_message(self, *_):
                pass

        far = ThreadingHTTPServer(("127.0.0.1", 0), Far)
        threading.Thread(target=far.serve_forever, daemon=True).start()
        self.addCleanup(far.server_close)
        self.addCleanup(far.shutdown)
        self.addCleanup(go_on.set)
        url = f"http://127.0.0.1:{far.server_port}/file"
        box = self.fresh_container()
        copy, dropped = box.get_blob_client("copy"), box.get_blob_client("dropped")
        self.assertEqual(copy.start_copy_from_url(url)["copy_status"], "pending")
        begun = dropped.start_copy_from_url(url)
        dropped.abort_copy(begun["copy_id"])
        left = dropped.get_blob_properties()
        self.assertEqual((left.copy.status, left.size), ("aborted", 0))
        self.refused(409, "NoPendingCopyOperation", dropped.abort_copy, begun["copy_id"])
        self.refused(409, "PendingCopyOperation", copy.upload_blob, b"x", overwrite=True)
        go_on.set()
        end = time.monotonic() + 20
        while copy.get_blob_properties().copy.status == "pending" and time.monotonic() < end:
            time.sleep(0.02)
        done = copy.get_blob_properties().copy
        self.assertEqual((done.status, done.progress), ("success", "6/6"))
        self.assertEqual(copy.download_blob().readall(), b"froafr")

    def test_tags_tiers_and_batches(self):
        box = self.fresh_container()
        blobs = [box.upload_blob(n, b"x") for n in ["1", "2", "3"]]
        blobs[0].set_blob_tags({"a": "1", "b c": ""})
        self.assertEqual(blobs[0].get_blob_tags(), {"a": "1", "b c": ""})
        self.refused(400, "InvalidTag", blobs[0].set_blob_tags, {"a?": "1"})
        blobs[0].set_standard_blob_tier(StandardBlobTier.ARCHIVE)
        self.refused(409, "BlobArchived", blobs[0].download_blob)
        blobs[0].set_standard_blob_tier(StandardBlobTier.COOL)
        self.assertEqual(blobs[0].get_blob_properties().blob_tier, "Cool")
        codes = [r.status_code for r in box.set_standard_blob_tier_blobs("Hot", "1", "2")]
        self.assertEqual(codes, [200, 200])
        codes = [r.status_code for r in box.delete_blobs("1", "none", "3", raise_on_any_failure=False)]
        self.assertEqual(codes, [202, 404, 202])
        self.assertEqual(list(box.list_blob_names()), ["2"])

    def test_signatures(self):
        box = self.fresh_container()
        box.upload_blob("s", b"secret")
        at = lambda token, name="s": BlobClient.from_blob_url(f"{box.url}/{name}?{token}", retry_total=0)
        token = generate_blob_sas(self.account, box.container_name, "s", account_key=self.key, permission="r", expiry=soon(), content_type="text/x")
        got = at(token).download_blob()
        self.assertEqual((got.readall(), got.properties.content_settings.content_type), (b"secret", "text/x"))
        self.refused(403, "AuthorizationPermissionMismatch", at(token).upload_blob, b"x", overwrite=True)
        self.refused(403, "AuthenticationFailed", at(token, "other").download_blob)
        old = generate_blob_sas(self.account, box.container_name, "s", account_key=self.key, permission="r", expiry=datetime.now(timezone.utc) - timedelta(hours=1))
        self.refused(403, "AuthenticationFailed", at(old).download_blob)
        box.set_container_access_policy({"readers": AccessPolicy(ContainerSasPermissions(read=True, list=True), soon(), datetime.now(timezone.utc) - timedelta(hours=1))})
        self.assertEqual(box.get_container_access_policy()["signed_identifiers"][0].id, "readers")
        named = generate_container_sas(self.account, box.container_name, account_key=self.key, policy_id="readers")
        reader = ContainerClient.from_container_url(f"{box.url}?{named}", retry_total=0)
        self.assertEqual(list(reader.list_blob_names()), ["s"])
        self.refused(403, "AuthorizationPermissionMismatch", reader.delete_blob, "s")
        box.set_container_access_policy({})
        self.refused(403, "AuthenticationFailed", reader.list_blobs)
        whole = generate_account_sas(self.account, self.key, ResourceTypes(service=True, container=True), AccountSasPermissions(list=True), soon())
        lister = BlobServiceClient(self.blobs.url, whole, retry_total=0)
        self.assertTrue(list(lister.list_containers()))
        self.refused(403, "AuthorizationResourceTypeMismatch", lister.get_blob_client(box.container_name, "s").download_blob)

    def test_public_containers(self):
        box = self.fresh_container()
        box.upload_blob("p", b"open")
        anybody = ContainerClient.from_container_url(box.url, retry_total=0)
        self.refused(401, "NoAuthenticationInformation", anybody.download_blob, "p")
        box.set_container_access_policy({}, public_access="blob")
        self.assertEqual(anybody.download_blob("p").readall(), b"open")
        with self.assertRaises(Exception):
            list(anybody.list_blobs())
        box.set_container_access_policy({}, public_access="container")
        self.assertEqual(list(anybody.list_blob_names()), ["p"])
        self.assertEqual(box.get_container_properties().public_access, "container")

    def test_what_there_is_not(self):
        box = self.fresh_container()
        blob = box.upload_blob("b", b"1")
        self.refused(501, "NotImplemented", blob.query_blob, "SELECT * FROM BlobStorage")
        self.refused(501, "NotImplemented", blob.set_legal_hold, True)
        self.refused(501, "NotImplemented", blob.set_immutability_policy, ImmutabilityPolicy(expiry_time=soon(), policy_mode="Unlocked"))
        self.refused(501, "NotImplemented", box.get_blob_client("copy").start_copy_from_url, blob.url + "?snapshot=2026-01-01T00:00:00.0000000Z", incremental_copy=True)
        self.refused(404, "ContainerNotFound", self.blobs.undelete_container, fresh("box"), "01D60F8BB59A4652")
        self.refused(403, "AuthenticationFailed", self.blobs.get_user_delegation_key, datetime.now(timezone.utc), soon())  # of tokens only
        self.assertEqual((box.get_account_information()["account_kind"], blob.get_account_information()["account_kind"]), ("StorageV2", "StorageV2"))

    def test_blobs_aio(self):
        async def run():
            async with AsyncBlobServiceClient.from_connection_string(CONNECTION, retry_total=0) as service:
                box = await service.create_container(fresh("aio"))
                await asyncio.gather(*(box.upload_blob(str(i), os.urandom(100_000)) for i in range(8)))
                names = [b.name async for b in box.list_blobs()]
                sizes = await asyncio.gather(*(self._size(box, n) for n in names))
                await box.delete_blob("0")
                with self.assertRaises(Exception) as caught:
                    await box.download_blob("0")
                self.assertEqual(caught.exception.error_code, "BlobNotFound")
                await box.delete_container()
                return names, sizes
        self.assertEqual(asyncio.run(run()), ([str(i) for i in range(8)], [100_000] * 8))

    @staticmethod
    async def _size(box, name):
        return len(await (await box.download_blob(name)).readall())


class Service(StorageTest):
    """What is of the whole account: one test after another."""

    def test_service_properties(self):
        self.blobs.set_service_properties(
            cors=[CorsRule(["https://app.example"], ["GET"], allowed_headers=["x-ms-*"], max_age_in_seconds=5)],
            delete_retention_policy=RetentionPolicy(True, 3), static_website=StaticWebsite(enabled=True, index_document="index.html"))
        got = self.blobs.get_service_properties()
        self.assertEqual((got["cors"][0].allowed_origins, got["delete_retention_policy"].days, got["static_website"].index_document), ("https://app.example", 3, "index.html"))
        self.assertEqual(got["analytics_logging"].version, "1.0")
        box = self.fresh_container()
        blob = box.upload_blob("d", b"1")
        blob.delete_blob()
        self.assertEqual([b.deleted for b in box.list_blobs(include=["deleted"])], [True])
        blob.undelete_blob()
        self.assertEqual(blob.download_blob().readall(), b"1")
        self.blobs.set_service_properties(cors=[], delete_retention_policy=RetentionPolicy(False), static_website=StaticWebsite(enabled=False))
        self.assertEqual(self.blobs.get_account_information()["sku_name"], "Standard_RAGRS")
        self.refused(400, "InvalidXmlNodeValue", self.blobs.set_service_properties, delete_retention_policy=RetentionPolicy(True, 500))
