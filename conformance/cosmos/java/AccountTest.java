import com.azure.core.credential.AccessToken;
import com.azure.cosmos.CosmosClient;
import com.azure.cosmos.CosmosClientBuilder;
import com.azure.cosmos.CosmosContainer;
import com.azure.cosmos.CosmosDatabase;
import com.azure.cosmos.CosmosException;
import com.azure.cosmos.GatewayConnectionConfig;
import com.azure.cosmos.Http2ConnectionConfig;
import com.azure.cosmos.models.*;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import reactor.core.publisher.Mono;

/** Databases, containers and their throughput. */
public final class AccountTest implements AutoCloseable {
  private final CosmosDatabase db = Account.database();

  @Override
  public void close() {
    db.delete();
  }

  public void databasesAreListedQueriedAndDeleted() throws Exception {
    String name = Account.database().getId();
    CosmosDatabase other = Account.CLIENT.getDatabase(name);
    Account.same(name, other.read().getProperties().getId());
    Account.same(409, Account.fails(409, () -> Account.CLIENT.createDatabase(name)).getStatusCode());
    Account.CLIENT.createDatabaseIfNotExists(name);
    Account.check(Account.CLIENT.readAllDatabases().stream().anyMatch(d -> d.getId().equals(name)), "%s is not listed", name);
    SqlQuerySpec query = new SqlQuerySpec("SELECT * FROM root r WHERE r.id = @id", new SqlParameter("@id", name));
    Account.same(1, Account.CLIENT.queryDatabases(query, new CosmosQueryRequestOptions()).stream().count());
    other.delete();
    Account.fails(404, () -> other.read());
  }

  public void containersKeepTheirDefinition() throws Exception {
    CosmosContainerProperties p = new CosmosContainerProperties("full", "/pk");
    p.setDefaultTimeToLiveInSeconds(-1);
    p.setUniqueKeyPolicy(new UniqueKeyPolicy().setUniqueKeys(List.of(new UniqueKey(List.of("/email")))));
    IndexingPolicy policy = new IndexingPolicy();
    policy.setIncludedPaths(List.of(new IncludedPath("/*")));
    policy.setExcludedPaths(List.of(new ExcludedPath("/big/*")));
    policy.setCompositeIndexes(List.of(List.of(new CompositePath().setPath("/a").setOrder(CompositePathSortOrder.ASCENDING),
        new CompositePath().setPath("/b").setOrder(CompositePathSortOrder.DESCENDING))));
    p.setIndexingPolicy(policy);
    p.setChangeFeedPolicy(ChangeFeedPolicy.createLatestVersionPolicy());
    db.createContainer(p);
    CosmosContainer c = db.getContainer("full");
    CosmosContainerProperties read = c.read().getProperties();
    Account.same("[/pk]", read.getPartitionKeyDefinition().getPaths());
    Account.same(-1, read.getDefaultTimeToLiveInSeconds());
    Account.same("[/email]", read.getUniqueKeyPolicy().getUniqueKeys().iterator().next().getPaths());
    Account.same("/big/*", read.getIndexingPolicy().getExcludedPaths().get(0).getPath());
    Account.same("/b", read.getIndexingPolicy().getCompositeIndexes().get(0).get(1).getPath());
    read.setDefaultTimeToLiveInSeconds(3600);
    Account.same(3600, c.replace(read).getProperties().getDefaultTimeToLiveInSeconds());
    Account.check(db.readAllContainers().stream().anyMatch(x -> x.getId().equals("full")), "full is not listed");
    Account.same(1, db.queryContainers("SELECT * FROM c WHERE c.id = 'full'", null).stream().count());
    Account.same(1, c.getFeedRanges().size());
    c.delete();
    Account.same(1003, Account.fails(404, () -> c.readItem("1", new PartitionKey("a"), Object.class)).getSubStatusCode());
  }

  /** The client decodes the owner's path in replies, and builds links from it. */
  public void namesOfAllKinds() {
    for (String name : List.of("a b", "x+y", "50%", "%20", "a&b=c", "물감", "é;:@,", "(x)[y]{z}", "'q'", "a.b~c", "n".repeat(255), "물".repeat(255))) {
      Account.CLIENT.createDatabase(name);
      CosmosDatabase d = Account.CLIENT.getDatabase(name);
      CosmosContainer c = Account.container(d, name);
      c.createItem(Account.item("1", "a", 1));
      Account.same(1, c.readItem("1", new PartitionKey("a"), ObjectNode.class).getItem().get("n"));
      Account.same("[1]", c.queryItems("SELECT VALUE COUNT(1) FROM c", new CosmosQueryRequestOptions(), Integer.class).stream().toList());
      CosmosChangeFeedRequestOptions feed = CosmosChangeFeedRequestOptions.createForProcessingFromBeginning(FeedRange.forFullRange());
      Account.same(1, c.queryChangeFeed(feed, ObjectNode.class).iterableByPage().iterator().next().getResults().size());
      Account.check(c.readThroughput().getMinThroughput() > 0, "no throughput");
      d.delete();
    }
  }

  /** By the emulator's rule: header, claims, and the account key in place of a signature. */
  public void anEntraToken() {
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    long now = Instant.now().getEpochSecond();
    String claims = "{\"nbf\":" + (now - 60) + ",\"exp\":" + (now + 3600) + ",\"iss\":\"https://sts.fake-issuer.net/lazuli\"}";
    String token = base64.encodeToString("{\"alg\":\"RS256\"}".getBytes()) + "." + base64.encodeToString(claims.getBytes()) + "."
        + base64.encodeToString(Account.KEY.getBytes());
    CosmosClient client = new CosmosClientBuilder().endpoint(Account.ENDPOINT).gatewayMode()
        .credential(context -> Mono.just(new AccessToken(token, OffsetDateTime.now().plusHours(1)))).buildClient();
    Account.same(db.getId(), client.getDatabase(db.getId()).read().getProperties().getId());
    client.close();
  }

  public void whatCannotBeThereIsListedEmpty() {
    CosmosContainer c = Account.container(db, "empty");
    Account.same(0, c.getScripts().readAllStoredProcedures().stream().count());
    Account.same(0, c.getScripts().readAllTriggers().stream().count());
    Account.same(0, c.getScripts().queryUserDefinedFunctions("SELECT * FROM c", null).stream().count());
    Account.same(0, Account.ASYNC.getDatabase(db.getId()).readAllUsers().count().block());
    Account.same(0, Account.ASYNC.getDatabase(db.getId()).getContainer("empty").readAllConflicts(null).count().block());
  }

  public void listsComeInPages() {
    List<Integer> pages = new ArrayList<>();
    CosmosDatabase many = Account.database();
    for (int i = 0; i < 5; i++) {
      Account.container(many, "c" + i);
    }
    many.readAllContainers().iterableByPage(2).forEach(page -> pages.add(page.getResults().size()));
    Account.same("[2, 2, 1]", pages);
    many.delete();
  }

  public void http2() {
    GatewayConnectionConfig gateway = GatewayConnectionConfig.getDefaultConfig().setHttp2ConnectionConfig(new Http2ConnectionConfig().setEnabled(true));
    CosmosClient client = Account.builder().gatewayMode(gateway).buildClient();
    Account.container(db, "multiplexed");
    CosmosContainer c = client.getDatabase(db.getId()).getContainer("multiplexed");
    c.createItem(Account.item("1", "a", 1));
    Account.same(1, c.readItem("1", new PartitionKey("a"), ObjectNode.class).getItem().get("n"));
    client.close();
  }

  public void hierarchicalKeysAreOfVersionTwo() {
    db.createContainer(new CosmosContainerProperties("tree", new PartitionKeyDefinition().setPaths(List.of("/t", "/u", "/v"))
        .setKind(PartitionKind.MULTI_HASH).setVersion(PartitionKeyDefinitionVersion.V2)));
    PartitionKeyDefinition key = db.getContainer("tree").read().getProperties().getPartitionKeyDefinition();
    Account.same("[/t, /u, /v]", key.getPaths());
    Account.same(PartitionKind.MULTI_HASH, key.getKind());
    Account.same(PartitionKeyDefinitionVersion.V2, key.getVersion());
  }

  public void theVersionOfAHashIsKept() {
    db.createContainer(new CosmosContainerProperties("one",
        new PartitionKeyDefinition().setPaths(List.of("/pk")).setVersion(PartitionKeyDefinitionVersion.V1)));
    Account.same(PartitionKeyDefinitionVersion.V1, db.getContainer("one").read().getProperties().getPartitionKeyDefinition().getVersion());
  }

  public void manualThroughput() {
    db.createContainer(new CosmosContainerProperties("manual", "/pk"), ThroughputProperties.createManualThroughput(500));
    CosmosContainer c = db.getContainer("manual");
    ThroughputResponse r = c.readThroughput();
    Account.same(500, r.getProperties().getManualThroughput());
    Account.check(r.getMinThroughput() == 400, "minimum %d", r.getMinThroughput());
    c.replaceThroughput(ThroughputProperties.createManualThroughput(700));
    Account.same(700, c.readThroughput().getProperties().getManualThroughput());
  }

  public void autoscaleThroughput() {
    db.createContainer(new CosmosContainerProperties("auto", "/pk"), ThroughputProperties.createAutoscaledThroughput(4000));
    CosmosContainer c = db.getContainer("auto");
    Account.same(4000, c.readThroughput().getProperties().getAutoscaleMaxThroughput());
    c.replaceThroughput(ThroughputProperties.createAutoscaledThroughput(6000));
    Account.same(6000, c.readThroughput().getProperties().getAutoscaleMaxThroughput());
  }

  public void databaseThroughput() throws Exception {
    String name = "shared-" + System.nanoTime();
    Account.CLIENT.createDatabase(name, ThroughputProperties.createAutoscaledThroughput(1000));
    CosmosDatabase shared = Account.CLIENT.getDatabase(name);
    Account.same(1000, shared.readThroughput().getProperties().getAutoscaleMaxThroughput());
    shared.replaceThroughput(ThroughputProperties.createAutoscaledThroughput(2000));
    Account.same(2000, shared.readThroughput().getProperties().getAutoscaleMaxThroughput());
    shared.delete();
  }

  public void whatIsNotSupportedIsRefusedByName() throws Exception {
    CosmosContainerProperties p = new CosmosContainerProperties("versions", "/pk");
    p.setChangeFeedPolicy(ChangeFeedPolicy.createAllVersionsAndDeletesPolicy(Duration.ofMinutes(5)));
    Account.check(Account.fails(400, () -> db.createContainer(p)).getMessage().contains("all versions and deletes"), "another reason");
    CosmosContainer c = Account.container(db, "scripts");
    CosmosException e = Account.fails(400, () -> c.getScripts().createStoredProcedure(new CosmosStoredProcedureProperties("s", "function(){}")));
    Account.check(e.getMessage().contains("Stored procedures"), "another reason: %s", e.getMessage());
  }

  /** The client reads the account when it is built, and tells of the refusal in an exception of its own. */
  public void aWrongKeyIsRefused() {
    try {
      Account.builder().key("bm90IHRoZSBhY2NvdW50J3Mga2V5").buildClient().close();
    } catch (RuntimeException e) {
      Account.check(e.getMessage().contains("StatusCode: Unauthorized") && e.getMessage().contains("Server used the following payload"), "%s", e.getMessage());
      return;
    }
    throw new AssertionError("a wrong key is accepted");
  }
}
