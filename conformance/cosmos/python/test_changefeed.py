from datetime import datetime, timedelta, timezone

from account import AccountTest


class ChangeFeed(AccountTest):
    def test_begins_goes_on_and_shows_the_latest_version(self):
        container = self.fresh_container()
        for name in ["1", "2", "3"]:
            container.create_item({"id": name, "pk": "a", "v": 1})
        container.upsert_item({"id": "1", "pk": "a", "v": 2})
        feed = container.query_items_change_feed(start_time="Beginning")
        items = list(feed)
        self.assertEqual([i["id"] for i in items], ["2", "3", "1"])
        self.assertEqual(items[2]["v"], 2)
        token = container.client_connection.last_response_headers["etag"]
        container.create_item({"id": "4", "pk": "b"})
        self.assertEqual([i["id"] for i in container.query_items_change_feed(continuation=token)], ["4"])
        keyed = container.query_items_change_feed(start_time="Beginning", partition_key="b")
        self.assertEqual([i["id"] for i in keyed], ["4"])

    def test_starts_now_or_at_a_time(self):
        container = self.fresh_container()
        container.create_item({"id": "old", "pk": "a"})
        self.assertEqual(list(container.query_items_change_feed(start_time="Now")), [])
        past = datetime.now(timezone.utc) - timedelta(hours=1)
        self.assertEqual([i["id"] for i in container.query_items_change_feed(start_time=past)], ["old"])
