import com.azure.cosmos.CosmosContainer;
import com.azure.cosmos.CosmosDatabase;
import com.azure.cosmos.CosmosException;
import com.azure.cosmos.models.*;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** Queries through the Java client's own pipeline: it plans every query first. */
public final class QueriesTest implements AutoCloseable {
  private final CosmosDatabase db = Account.database();
  private final CosmosContainer c = Account.container(db, "readings");

  public QueriesTest() {
    for (int i = 0; i < 20; i++) {
      ObjectNode item = Account.item("" + i, "device" + i % 4, i).put("even", i % 2 == 0);
      item.putArray("tags").add("t" + i % 3).add("all");
      c.createItem(item);
    }
  }

  @Override
  public void close() {
    db.delete();
  }

  private <T> String rows(String sql, Class<T> type) {
    return c.queryItems(sql, new CosmosQueryRequestOptions(), type).stream().toList().toString();
  }

  public void values() {
    Account.same("[20]", rows("SELECT VALUE COUNT(1) FROM c", Integer.class));
    Account.same("[190]", rows("SELECT VALUE SUM(c.n) FROM c", Integer.class));
    Account.same("[9.5]", rows("SELECT VALUE AVG(c.n) FROM c", Double.class));
    Account.same("[0]", rows("SELECT VALUE MIN(c.n) FROM c", Integer.class));
    Account.same("[19]", rows("SELECT VALUE MAX(c.n) FROM c", Integer.class));
    Account.same("[device3]", rows("SELECT VALUE c.pk FROM c WHERE c.n = 7", String.class));
    Account.same("[true]", rows("SELECT VALUE c.even FROM c WHERE c.n = 8", Boolean.class));
    Account.same("[{\"x\":3}]", rows("SELECT VALUE {\"x\": c.n} FROM c WHERE c.n = 3", JsonNode.class));
    Account.same("[device0, device1, device2, device3]", rows("SELECT DISTINCT VALUE c.pk FROM c", String.class));
  }

  public void orderTopOffsetAndLimit() {
    Account.same("[{\"n\":19}, {\"n\":18}]", rows("SELECT TOP 2 c.n FROM c ORDER BY c.n DESC", JsonNode.class));
    Account.same("[5, 6, 7]", rows("SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 5 LIMIT 3", Integer.class));
    Account.same("[0, 1, 2]", rows("SELECT TOP 3 VALUE c.n FROM c", Integer.class));
    Account.same("[16, 12, 8]", rows("SELECT VALUE c.n FROM c ORDER BY c.pk ASC, c.n DESC OFFSET 0 LIMIT 3", Integer.class));
  }

  public void groups() {
    Account.same("[{\"pk\":\"device0\",\"n\":5}, {\"pk\":\"device1\",\"n\":5}, {\"pk\":\"device2\",\"n\":5}, {\"pk\":\"device3\",\"n\":5}]",
        rows("SELECT c.pk, COUNT(1) AS n FROM c GROUP BY c.pk", JsonNode.class));
    Account.same("[{\"total\":190,\"most\":19}]", rows("SELECT SUM(c.n) AS total, MAX(c.n) AS most FROM c", JsonNode.class));
    Account.same("[10, 10]", rows("SELECT VALUE COUNT(1) FROM c GROUP BY c.even", Integer.class));
    Account.same("[15]", rows("SELECT VALUE COUNT(1) FROM c WHERE c.n > 4 ORDER BY c.n DESC", Integer.class));
  }

  public void joinsAndSubqueries() {
    Account.same("[20]", rows("SELECT VALUE COUNT(1) FROM c JOIN t IN c.tags WHERE t = 'all'", Integer.class));
    Account.same("[7]", rows("SELECT VALUE COUNT(1) FROM c WHERE EXISTS(SELECT VALUE t FROM t IN c.tags WHERE t = 't0')", Integer.class));
  }

  public void parametersAndLists() {
    SqlQuerySpec spec = new SqlQuerySpec("SELECT VALUE c.n FROM c WHERE c.pk = @pk AND ARRAY_CONTAINS(@ns, c.n)",
        new SqlParameter("@pk", "device1"), new SqlParameter("@ns", List.of(1, 5, 6)));
    Account.same("[1, 5]", c.queryItems(spec, new CosmosQueryRequestOptions(), Integer.class).stream().toList());
  }

  /** Pages of a query, each continued by a new call with the page's token. */
  private List<Integer> pages(String sql, CosmosQueryRequestOptions o, int size) {
    List<Integer> all = new ArrayList<>();
    String token = null;
    int pages = 0;
    do {
      FeedResponse<Integer> page = c.queryItems(sql, o, Integer.class).iterableByPage(token, size).iterator().next();
      Account.check(page.getResults().size() <= size, "a page of %d", page.getResults().size());
      all.addAll(page.getResults());
      token = page.getContinuationToken();
      Account.check(++pages < 20, "endless pages: %s", token);
    } while (token != null);
    return all;
  }

  public void continuations() {
    CosmosQueryRequestOptions o = new CosmosQueryRequestOptions();
    Account.same("[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]", pages("SELECT VALUE c.n FROM c", o, 6));
    Account.same("[19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]", pages("SELECT VALUE c.n FROM c ORDER BY c.n DESC", o, 7));
    Account.same("[4, 5, 6, 7, 8]", pages("SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 4 LIMIT 5", o, 2));
    o.setPartitionKey(new PartitionKey("device2"));
    Account.same("[2, 6, 10, 14, 18]", pages("SELECT VALUE c.n FROM c", o, 2));
  }

  /** More than fits into the 4 MB of one page. */
  public void resultsOfSeveralPages() {
    CosmosContainer big = Account.container(db, "big");
    for (int i = 0; i < 60; i++) {
      big.createItem(Account.item("" + i, "p", i).put("text", "x".repeat(100_000)));
    }
    Account.same(60, big.queryItems("SELECT * FROM c", new CosmosQueryRequestOptions(), ObjectNode.class).stream().count());
    Account.same("[59, 58]", big.queryItems("SELECT * FROM c ORDER BY c.n DESC", new CosmosQueryRequestOptions(), ObjectNode.class).stream()
        .map(d -> d.get("n")).limit(2).toList());
    Account.same(60, big.queryItems("SELECT c.n, COUNT(1) AS k FROM c GROUP BY c.n", new CosmosQueryRequestOptions(), ObjectNode.class).stream().count());
    Account.same(60, big.readAllItems(new PartitionKey("p"), ObjectNode.class).stream().count());
  }

  public void feedRangesAndPartitions() {
    CosmosQueryRequestOptions o = new CosmosQueryRequestOptions();
    int n = 0;
    for (FeedRange range : c.getFeedRanges()) {
      n += c.queryItems("SELECT * FROM c", o.setFeedRange(range), ObjectNode.class).stream().count();
    }
    Account.same(20, n);
    o = new CosmosQueryRequestOptions().setFeedRange(FeedRange.forLogicalPartition(new PartitionKey("device1")));
    Account.same(5, c.queryItems("SELECT * FROM c", o, ObjectNode.class).stream().count());
    Account.same(5, c.readAllItems(new PartitionKey("device3"), ObjectNode.class).stream().count());
  }

  public void metricsAndDiagnostics() {
    CosmosQueryRequestOptions o = new CosmosQueryRequestOptions().setQueryMetricsEnabled(true).setIndexMetricsEnabled(true);
    FeedResponse<ObjectNode> page = c.queryItems("SELECT * FROM c WHERE c.n > 5", o, ObjectNode.class).iterableByPage(5).iterator().next();
    Account.check(page.getRequestCharge() > 0 && page.getActivityId() != null && page.getSessionToken() != null, "page %s", page);
    Account.check(page.getCosmosDiagnostics().toString().contains("retrievedDocumentCount"), "no metrics: %s", page.getCosmosDiagnostics());
  }

  public void errorsNameTheirPlace() throws Exception {
    CosmosException e = Account.fails(400, () -> rows("SELECT * FORM c", JsonNode.class));
    Account.check(e.getMessage().contains("SC1001"), "message %s", e.getMessage());
    e = Account.fails(400, () -> rows("SELECT udf.f(c.n) FROM c", JsonNode.class));
    Account.check(e.getMessage().contains("udf"), "message %s", e.getMessage());
  }

  public void newKeepsReadingAfterTheContainerWasMadeAnew() throws Exception {
    CosmosContainer again = Account.container(db, "again");
    again.createItem(Account.item("1", "a", 1));
    again.delete();
    db.createContainer("again", "/pk");
    Account.same(0, again.queryItems("SELECT * FROM c", new CosmosQueryRequestOptions(), ObjectNode.class).stream().count());
    again.createItem(Account.item("2", "a", 2));
    Account.same(2, again.readItem("2", new PartitionKey("a"), ObjectNode.class).getItem().get("n"));
  }
}
