import com.azure.cosmos.ChangeFeedProcessor;
import com.azure.cosmos.ChangeFeedProcessorBuilder;
import com.azure.cosmos.CosmosAsyncContainer;
import com.azure.cosmos.CosmosContainer;
import com.azure.cosmos.CosmosDatabase;
import com.azure.cosmos.models.*;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** The change feed: pulled, and by the processor with its leases. */
public final class ChangeFeedTest implements AutoCloseable {
  private final CosmosDatabase db = Account.database();

  @Override
  public void close() {
    db.delete();
  }

  private CosmosContainer source(String name, int items) {
    CosmosContainer c = Account.container(db, name);
    for (int i = 0; i < items; i++) {
      c.createItem(Account.item("" + i, "p" + i % 2, i));
    }
    return c;
  }

  private CosmosAsyncContainer async(String name) {
    return Account.ASYNC.getDatabase(db.getId()).getContainer(name);
  }

  /** What pull read, in order, and where it goes on. */
  private record Pulled(List<Integer> values, String continuation) {}

  private Pulled pull(CosmosContainer c, CosmosChangeFeedRequestOptions o) {
    List<Integer> values = new ArrayList<>();
    int pages = 0;
    String continuation = null;
    for (FeedResponse<JsonNode> page : c.queryChangeFeed(o, JsonNode.class).iterableByPage()) {
      page.getResults().forEach(item -> values.add(item.get("n").asInt()));
      continuation = page.getContinuationToken();
      Account.check(++pages < 20, "the feed does not end");
      if (page.getResults().isEmpty()) {
        break;
      }
    }
    return new Pulled(values, continuation);
  }

  public void pulledFromTheBeginningAndOn() {
    CosmosContainer c = source("pull", 5);
    Pulled first = pull(c, CosmosChangeFeedRequestOptions.createForProcessingFromBeginning(FeedRange.forFullRange()).setMaxItemCount(2));
    Account.same("[0, 1, 2, 3, 4]", first.values());
    c.upsertItem(Account.item("1", "p1", 11));
    c.upsertItem(Account.item("9", "p1", 9));
    Account.same("[11, 9]", pull(c, CosmosChangeFeedRequestOptions.createForProcessingFromContinuation(first.continuation())).values());
    FeedRange one = FeedRange.forLogicalPartition(new PartitionKey("p0"));
    Account.same("[0, 2, 4]", pull(c, CosmosChangeFeedRequestOptions.createForProcessingFromBeginning(one)).values());
  }

  public void pulledFromNowAndFromATime() {
    CosmosContainer c = source("now", 2);
    Pulled now = pull(c, CosmosChangeFeedRequestOptions.createForProcessingFromNow(FeedRange.forFullRange()));
    Account.same("[]", now.values());
    c.createItem(Account.item("9", "p1", 9));
    Account.same("[9]", pull(c, CosmosChangeFeedRequestOptions.createForProcessingFromContinuation(now.continuation())).values());
    Instant before = Instant.now().minusSeconds(60);
    Account.same("[0, 1, 9]", pull(c, CosmosChangeFeedRequestOptions.createForProcessingFromPointInTime(before, FeedRange.forFullRange())).values());
  }

  public void allVersionsAndDeletesAreRefusedByName() throws Exception {
    CosmosContainer c = source("versions", 1);
    CosmosChangeFeedRequestOptions o = CosmosChangeFeedRequestOptions.createForProcessingFromNow(FeedRange.forFullRange()).allVersionsAndDeletes();
    Account.check(Account.fails(400, () -> pull(c, o)).getMessage().contains("all versions and deletes"), "another reason");
  }

  private static ChangeFeedProcessorOptions quick() {
    return new ChangeFeedProcessorOptions().setStartFromBeginning(true).setFeedPollDelay(Duration.ofMillis(100)).setMaxItemCount(10)
        .setLeaseAcquireInterval(Duration.ofMillis(500)).setLeaseRenewInterval(Duration.ofMillis(500)).setLeaseExpirationInterval(Duration.ofSeconds(2));
  }

  private ChangeFeedProcessorBuilder processor(String source, String leases, String host) {
    return new ChangeFeedProcessorBuilder().hostName(host).feedContainer(async(source)).leaseContainer(async(leases)).options(quick());
  }

  /** How many changes are behind the checkpoints in the leases. */
  private static int lag(ChangeFeedProcessor p) {
    return p.getEstimatedLag().block().values().stream().mapToInt(Integer::intValue).sum();
  }

  public void aProcessorGoesOnWhereItStopped() throws Exception {
    CosmosContainer c = source("docs", 25);
    db.createContainer("docs-leases", "/id");
    Map<String, Integer> seen = new ConcurrentHashMap<>();
    Consumer<List<JsonNode>> count = docs -> docs.forEach(d -> seen.merge(d.get("id").asText() + "=" + d.get("n"), 1, Integer::sum));
    ChangeFeedProcessor first = processor("docs", "docs-leases", "one").handleChanges(count).buildChangeFeedProcessor();
    first.start().block();
    Account.eventually(20, () -> seen.size() == 25 && lag(first) == 0, "25 documents and their checkpoint");
    first.stop().block();
    c.upsertItem(Account.item("3", "p1", 33));
    c.createItem(Account.item("new", "p1", 100));
    ChangeFeedProcessor second = processor("docs", "docs-leases", "two").handleChanges(count).buildChangeFeedProcessor();
    second.start().block();
    Account.eventually(20, () -> seen.size() == 27, "27 changes");
    Account.check(seen.containsKey("3=33") && seen.containsKey("new=100"), "%s", seen);
    Account.same(27, seen.values().stream().mapToInt(Integer::intValue).sum()); // none came twice
    Account.eventually(10, () -> lag(second) == 0, "no lag");
    second.stop().block();
  }

  public void aProcessorOfLatestVersionsHasTheirMetadata() throws Exception {
    source("latest", 7);
    db.createContainer("latest-leases", "/id");
    Map<String, ChangeFeedProcessorItem> seen = new ConcurrentHashMap<>();
    ChangeFeedProcessor p = processor("latest", "latest-leases", "one")
        .handleLatestVersionChanges(items -> items.forEach(i -> seen.put(i.getCurrent().get("id").asText(), i))).buildChangeFeedProcessor();
    p.start().block();
    Account.eventually(20, () -> seen.size() == 7, "7 items");
    ChangeFeedProcessorItem last = seen.get("6");
    Account.same(6, last.getCurrent().get("n"));
    Account.check(last.getChangeFeedMetaData().getLogSequenceNumber() > seen.get("0").getChangeFeedMetaData().getLogSequenceNumber(), "%s", last);
    Account.same(last.getCurrent().get("_ts").asLong(), last.getChangeFeedMetaData().getConflictResolutionTimestamp().getEpochSecond());
    Account.eventually(10, () -> p.getCurrentState().block().stream().allMatch(s -> s.getEstimatedLag() == 0 && s.getHostName().equals("one")), "no lag");
    p.stop().block();
  }

  public void twoProcessorsShareTheLeases() throws Exception {
    CosmosContainer c = source("shared", 0);
    db.createContainer("shared-leases", "/id");
    Map<String, Integer> seen = new ConcurrentHashMap<>();
    Consumer<List<ChangeFeedProcessorItem>> count = items -> items.forEach(i -> seen.merge(i.getCurrent().get("id").asText(), 1, Integer::sum));
    ChangeFeedProcessor one = processor("shared", "shared-leases", "one").handleLatestVersionChanges(count).buildChangeFeedProcessor();
    ChangeFeedProcessor two = processor("shared", "shared-leases", "two").handleLatestVersionChanges(count).buildChangeFeedProcessor();
    one.start().block();
    two.start().block();
    for (int i = 0; i < 30; i++) {
      c.createItem(Account.item("" + i, "p", i));
    }
    Account.eventually(20, () -> seen.size() == 30, "30 items");
    Account.same(1, one.getCurrentState().block().size());
    String owner = one.getCurrentState().block().get(0).getHostName();
    Account.same(owner, two.getCurrentState().block().get(0).getHostName());
    (owner.equals("one") ? one : two).stop().block();
    c.createItem(Account.item("after", "p", 1));
    Account.eventually(20, () -> seen.containsKey("after"), "the other one took over");
    (owner.equals("one") ? two : one).stop().block();
  }
}
