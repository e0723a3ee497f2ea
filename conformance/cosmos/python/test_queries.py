from account import AccountTest


class Queries(AccountTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.container = cls(methodName="all").fresh_container()
        for i in range(60):
            cls.container.create_item({"id": f"{i:02}", "pk": f"d{i % 3}", "ts": 1000 + i, "data": {"temperature": 20 + i % 30}})

    def all(self, query, parameters=None, **options):
        if "partition_key" not in options:
            options["enable_cross_partition_query"] = True
        return list(self.container.query_items(query, parameters, **options))

    def test_filters_and_parameters(self):
        got = self.all("SELECT c.id, c.data.temperature AS t FROM c WHERE c.pk = @pk AND c.ts < @ts",
                       [{"name": "@pk", "value": "d1"}, {"name": "@ts", "value": 1005}])
        self.assertEqual(got, [{"id": "01", "t": 21}, {"id": "04", "t": 24}])

    def test_order_by_top_offset(self):
        self.assertEqual(self.all("SELECT TOP 3 VALUE c.id FROM c ORDER BY c.ts DESC"), ["59", "58", "57"])
        self.assertEqual(self.all("SELECT VALUE c.id FROM c WHERE c.data.temperature > 47 ORDER BY c.ts DESC"), ["59", "58", "29", "28"])
        self.assertEqual(self.all("SELECT VALUE c.id FROM c ORDER BY c.ts OFFSET 58 LIMIT 10"), ["58", "59"])
        self.assertEqual(self.all("SELECT TOP 2 VALUE c.id FROM c ORDER BY c.ts DESC", partition_key="d1"), ["58", "55"])

    def test_aggregates_group_by_distinct(self):
        self.assertEqual(self.all("SELECT VALUE COUNT(1) FROM c"), [60])
        self.assertEqual(self.all("SELECT VALUE COUNT(1) FROM c", partition_key="d2"), [20])
        self.assertEqual(self.all("SELECT c.pk, COUNT(1) AS n FROM c GROUP BY c.pk"), [{"pk": f"d{i}", "n": 20} for i in range(3)])
        self.assertEqual(self.all("SELECT DISTINCT VALUE c.pk FROM c"), ["d0", "d1", "d2"])
        self.assertEqual(self.all("SELECT VALUE AVG(c.ts) FROM c"), [1029.5])
        self.assertEqual(self.all("SELECT VALUE COUNT(1) FROM c WHERE c.ts > 1009 ORDER BY c.ts DESC"), [50])
        self.assertEqual(self.all("SELECT VALUE MAX(c.ts) FROM c ORDER BY c.id", partition_key="d1"), [1058])

    def test_pages_resume(self):
        for query in ["SELECT VALUE c.id FROM c", "SELECT VALUE c.id FROM c ORDER BY c.ts DESC"]:
            seen, token = [], None
            while True:
                pages = self.container.query_items(query, enable_cross_partition_query=True, max_item_count=7).by_page(token)
                page = list(next(pages))
                self.assertLessEqual(len(page), 7)
                seen += page
                token = pages.continuation_token
                if not token:
                    break
            self.assertEqual((len(seen), len(set(seen))), (60, 60), query)

    def test_errors_say_where(self):
        error = self.refused(400, self.all, "SELECT * FROM c WHERE c.a = = 1")
        self.assertIn("SC1001", str(error))
        for query in ["SELECT * FROM c ORDER BY c.ts + 1", "SELECT * FROM c ORDER BY LOWER(c.id)", "SELECT * FROM c ORDER BY 1"]:
            self.assertIn("could not be mapped to a document path", str(self.refused(400, self.all, query)))
        self.refused(400, self.all, "SELECT VALUE r FROM (SELECT TOP 1 VALUE c.ts FROM c) AS r")
        self.assertIn("NO_SUCH", str(self.refused(400, self.all, "SELECT VALUE NO_SUCH(c.a) FROM c")).upper())
