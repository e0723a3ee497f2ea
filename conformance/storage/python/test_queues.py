import asyncio
from datetime import datetime, timedelta, timezone

from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import (
    AccessPolicy,
    CorsRule,
    QueueAnalyticsLogging,
    QueueClient,
    QueueSasPermissions,
    QueueServiceClient,
    RetentionPolicy,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
    generate_queue_sas,
)
from azure.storage.queue.aio import QueueServiceClient as AsyncQueueServiceClient

from account import CONNECTION, StorageTest, fresh, soon


class Queues(StorageTest):
    def test_queues(self):
        name = fresh("line")
        line = self.queues.create_queue(name, metadata={"Kind": "test", "none": ""})
        with self.assertRaises(ResourceExistsError):  # the service says 204; the client makes an error of it
            line.create_queue(metadata={"Kind": "test", "none": ""})
        self.refused(409, "QueueAlreadyExists", line.create_queue, metadata={"other": "1"})
        self.refused(400, "InvalidResourceName", self.queues.create_queue, "No_Good")
        self.assertEqual(line.get_queue_properties().metadata, {"Kind": "test", "none": ""})
        line.set_queue_metadata({"two": "2"})
        self.assertEqual([(q.name, q.metadata) for q in self.queues.list_queues(name, include_metadata=True)], [(name, {"two": "2"})])
        self.fresh_queue()
        self.assertTrue(all(len(list(p)) <= 1 for p in self.queues.list_queues("py-line", results_per_page=1).by_page()))
        self.queues.delete_queue(name)
        self.refused(404, "QueueNotFound", line.get_queue_properties)
        self.refused(404, "QueueNotFound", line.send_message, "x")
        self.refused(404, "QueueNotFound", line.delete_queue)

    def test_messages(self):
        line = self.fresh_queue()
        text = "  é <x> & 😀\n "
        put = line.send_message(text)
        self.assertEqual(line.get_queue_properties().approximate_message_count, 1)
        self.assertEqual([(m.content, m.dequeue_count, m.pop_receipt) for m in line.peek_messages()], [(text, 0, None)])
        got = line.receive_message(visibility_timeout=20)
        self.assertEqual((got.id, got.content, got.dequeue_count), (put.id, text, 1))
        self.assertIsNone(line.receive_message())
        newer = line.update_message(got, content="changed", visibility_timeout=0)
        self.refused(404, "MessageNotFound", line.delete_message, got.id, got.pop_receipt)
        self.refused(400, "PopReceiptMismatch", line.delete_message, got.id, "bm90IG9uZQ==")
        again = line.receive_message()
        self.assertEqual((again.content, again.dequeue_count), ("changed", 2))
        self.assertNotEqual(again.pop_receipt, newer.pop_receipt)
        line.delete_message(again)
        self.refused(404, "MessageNotFound", line.delete_message, again)
        for i in range(5):
            line.send_message(str(i), time_to_live=-1)
        self.assertEqual([[m.content for m in p] for p in line.receive_messages(messages_per_page=3).by_page()], [["0", "1", "2"], ["3", "4"]])
        later = line.send_message("later", visibility_timeout=60)
        self.assertGreater(later.next_visible_on, datetime.now(timezone.utc) + timedelta(seconds=30))
        self.assertIsNone(line.receive_message())
        self.assertEqual(line.get_queue_properties().approximate_message_count, 6)
        line.clear_messages()
        self.assertEqual(line.get_queue_properties().approximate_message_count, 0)
        self.refused(413, "RequestBodyTooLarge", line.send_message, "x" * 70_000)
        self.refused(400, "OutOfRangeQueryParameterValue", line.send_message, "x", visibility_timeout=700_000)
        self.refused(400, "InvalidQueryParameterValue", line.send_message, "x", time_to_live=10, visibility_timeout=20)

    def test_base64(self):
        line = self.fresh_queue()
        coded = self.queues.get_queue_client(line.queue_name, message_encode_policy=TextBase64EncodePolicy(), message_decode_policy=TextBase64DecodePolicy())
        coded.send_message("héllo")
        self.assertEqual(line.peek_messages()[0].content, "aMOpbGxv")
        self.assertEqual(coded.receive_message().content, "héllo")

    def test_queue_signatures(self):
        line = self.fresh_queue()
        line.send_message("1")
        open_with = lambda token: QueueClient.from_queue_url(f"{line.url}?{token}", retry_total=0)
        reader = open_with(generate_queue_sas(self.account, line.queue_name, self.key, permission=QueueSasPermissions(read=True), expiry=soon()))
        self.assertEqual(len(reader.peek_messages()), 1)
        self.refused(403, "AuthorizationPermissionMismatch", reader.send_message, "x")
        line.set_queue_access_policy({"workers": AccessPolicy(QueueSasPermissions(process=True), soon(), datetime.now(timezone.utc) - timedelta(hours=1))})
        self.assertEqual(line.get_queue_access_policy()["workers"].permission, "p")
        worker = open_with(generate_queue_sas(self.account, line.queue_name, self.key, policy_id="workers"))
        worker.delete_message(worker.receive_message())
        line.set_queue_access_policy({})
        self.refused(403, "AuthenticationFailed", worker.receive_message)
        wrong = {"account_name": self.account, "account_key": "bm90IHRoZSBrZXk="}
        self.refused(403, "AuthenticationFailed", QueueServiceClient(self.queues.url, wrong, retry_total=0).get_service_properties)

    def test_queues_aio(self):
        async def run():
            async with AsyncQueueServiceClient.from_connection_string(CONNECTION, retry_total=0) as service:
                line = await service.create_queue(fresh("aio"))
                await asyncio.gather(*(line.send_message(str(i)) for i in range(10)))
                got = [m async for m in line.receive_messages(messages_per_page=5)]
                await asyncio.gather(*(line.delete_message(m) for m in got))
                with self.assertRaises(Exception) as caught:
                    await line.delete_message(got[0])
                self.assertEqual(caught.exception.error_code, "MessageNotFound")
                await line.delete_queue()
                return sorted(int(m.content) for m in got)
        self.assertEqual(asyncio.run(run()), list(range(10)))


class Service(StorageTest):
    """What is of the whole account: one test after another."""

    def test_queue_service_properties(self):
        self.queues.set_service_properties(analytics_logging=QueueAnalyticsLogging(read=True, retention_policy=RetentionPolicy(True, 5)), cors=[CorsRule(["*"], ["GET"])])
        got = self.queues.get_service_properties()
        self.assertEqual((got["analytics_logging"].retention_policy.days, got["cors"][0].allowed_origins), (5, "*"))
        self.queues.set_service_properties(cors=[])
        self.refused(400, "InvalidXmlNodeValue", self.queues.set_service_properties, analytics_logging=QueueAnalyticsLogging(read=True, retention_policy=RetentionPolicy(True, 500)))
