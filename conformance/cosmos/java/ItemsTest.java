import com.azure.cosmos.*;
import com.azure.cosmos.models.*;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Flux;

/** Items one by one, in batches, in bulk and by partition key. */
public final class ItemsTest implements AutoCloseable {
  private final CosmosDatabase db = Account.database();
  private final CosmosContainer c = Account.container(db, "items");

  @Override
  public void close() {
    db.delete();
  }

  private static PartitionKey pk(String value) {
    return new PartitionKey(value);
  }

  private ObjectNode read(String id, String pk) {
    return c.readItem(id, pk(pk), ObjectNode.class).getItem();
  }

  public void lifeOfAnItem() throws Exception {
    CosmosItemResponse<ObjectNode> created = c.createItem(Account.item("1", "life", 1));
    Account.same(201, created.getStatusCode());
    Account.check(created.getRequestCharge() > 0 && created.getETag() != null && created.getSessionToken() != null, "headers %s", created.getResponseHeaders());
    Account.fails(409, () -> c.createItem(Account.item("1", "life", 1)));
    Account.same(1, read("1", "life").get("n"));
    Account.same(200, c.replaceItem(Account.item("1", "life", 2), "1", pk("life"), null).getStatusCode());
    Account.same(200, c.upsertItem(Account.item("1", "life", 3)).getStatusCode());
    Account.same(201, c.upsertItem(Account.item("2", "life", 1)).getStatusCode());
    Account.same(3, read("1", "life").get("n"));
    Account.same(204, c.deleteItem("1", pk("life"), null).getStatusCode());
    Account.fails(404, () -> read("1", "life"));
    Account.fails(404, () -> read("2", "elsewhere"));
  }

  public void conditions() throws Exception {
    String etag = c.createItem(Account.item("1", "etag", 1)).getETag();
    CosmosItemRequestOptions unchanged = new CosmosItemRequestOptions().setIfMatchETag(etag);
    CosmosItemRequestOptions known = new CosmosItemRequestOptions().setIfNoneMatchETag(etag);
    Account.same(304, c.readItem("1", pk("etag"), known, ObjectNode.class).getStatusCode());
    c.replaceItem(Account.item("1", "etag", 2), "1", pk("etag"), unchanged);
    Account.fails(412, () -> c.replaceItem(Account.item("1", "etag", 3), "1", pk("etag"), unchanged));
    Account.fails(412, () -> c.deleteItem("1", pk("etag"), unchanged));
    Account.same(200, c.readItem("1", pk("etag"), known, ObjectNode.class).getStatusCode());
  }

  public void idsOfAllKinds() {
    List<String> ids = new ArrayList<>(List.of("a b", "a+b", "a%b", "%20", "a&b=c", "a,b;c:d@e", "'quoted'", "\"double\"", "<x>", "[y]{z}|^`~", "물감", "é", "😀",
        "x".repeat(1023), "물".repeat(341)));
    for (String id : ids) {
      c.createItem(Account.item(id, "ids", 1));
      Account.same(id, read(id, "ids").get("id").asText());
      c.patchItem(id, pk("ids"), CosmosPatchOperations.create().increment("/n", 1), ObjectNode.class);
      Account.same(2, read(id, "ids").get("n"));
      c.deleteItem(id, pk("ids"), null);
    }
  }

  public void partitionKeysOfAllKinds() {
    c.createItem(Account.JSON.createObjectNode().put("id", "n").put("pk", 7.5));
    c.createItem(Account.JSON.createObjectNode().put("id", "b").put("pk", true));
    c.createItem(Account.JSON.createObjectNode().put("id", "z").putNull("pk"));
    c.createItem(Account.JSON.createObjectNode().put("id", "u"));
    Account.same("n", c.readItem("n", new PartitionKey(7.5), ObjectNode.class).getItem().get("id").asText());
    Account.same("b", c.readItem("b", new PartitionKey(true), ObjectNode.class).getItem().get("id").asText());
    Account.same("z", c.readItem("z", new PartitionKey(null), ObjectNode.class).getItem().get("id").asText());
    Account.same("u", c.readItem("u", PartitionKey.NONE, ObjectNode.class).getItem().get("id").asText());
    Account.same(204, c.deleteItem("u", PartitionKey.NONE, null).getStatusCode());
  }

  public void hierarchicalKeys() throws Exception {
    db.createContainer(new CosmosContainerProperties("tree", new PartitionKeyDefinition().setPaths(List.of("/t", "/u"))
        .setKind(PartitionKind.MULTI_HASH).setVersion(PartitionKeyDefinitionVersion.V2)));
    CosmosContainer tree = db.getContainer("tree");
    for (int i = 0; i < 6; i++) {
      tree.createItem(Account.JSON.createObjectNode().put("id", "" + i).put("t", "t" + i % 2).put("u", i));
    }
    PartitionKey full = new PartitionKeyBuilder().add("t1").add(3).build();
    Account.same(3, tree.readItem("3", full, ObjectNode.class).getItem().get("u"));
    PartitionKey prefix = new PartitionKeyBuilder().add("t1").build();
    Account.same(3, tree.queryItems("SELECT * FROM c", new CosmosQueryRequestOptions().setPartitionKey(prefix), ObjectNode.class).stream().count());
    Account.same(3, tree.readAllItems(prefix, ObjectNode.class).stream().count());
    tree.deleteAllItemsByPartitionKey(full, new CosmosItemRequestOptions());
    Account.same(2, tree.readAllItems(prefix, ObjectNode.class).stream().count());
  }

  public void patch() throws Exception {
    c.createItem(Account.item("1", "patch", 1));
    CosmosPatchOperations ops = CosmosPatchOperations.create().add("/tags", List.of("a")).add("/tags/-", "b").set("/name", "x").increment("/n", 4)
        .move("/name", "/title").remove("/tags/0");
    JsonNode got = c.patchItem("1", pk("patch"), ops, ObjectNode.class).getItem();
    Account.same("{\"n\":5,\"tags\":[\"b\"],\"title\":\"x\"}",
        Account.JSON.createObjectNode().<ObjectNode>set("n", got.get("n")).<ObjectNode>set("tags", got.get("tags")).set("title", got.get("title")));
    CosmosPatchItemRequestOptions when = new CosmosPatchItemRequestOptions().setFilterPredicate("FROM c WHERE c.n = 1");
    Account.fails(412, () -> c.patchItem("1", pk("patch"), CosmosPatchOperations.create().set("/n", 0), when, ObjectNode.class));
  }

  public void transactionalBatch() {
    CosmosBatch batch = CosmosBatch.createCosmosBatch(pk("batch"));
    batch.createItemOperation(Account.item("1", "batch", 1));
    batch.upsertItemOperation(Account.item("2", "batch", 2));
    batch.replaceItemOperation("2", Account.item("2", "batch", 3));
    batch.patchItemOperation("1", CosmosPatchOperations.create().increment("/n", 1));
    batch.readItemOperation("1");
    batch.deleteItemOperation("2");
    CosmosBatchResponse r = c.executeCosmosBatch(batch);
    Account.same("200 [201, 201, 200, 200, 200, 204]", r.getStatusCode() + " " + r.getResults().stream().map(CosmosBatchOperationResult::getStatusCode).toList());
    Account.same(2, r.getResults().get(4).getItem(ObjectNode.class).get("n"));
    CosmosBatch failing = CosmosBatch.createCosmosBatch(pk("batch"));
    failing.createItemOperation(Account.item("3", "batch", 1));
    failing.createItemOperation(Account.item("1", "batch", 1));
    r = c.executeCosmosBatch(failing);
    Account.same("409 [424, 409]", r.getStatusCode() + " " + r.getResults().stream().map(CosmosBatchOperationResult::getStatusCode).toList());
    Account.same(1, c.readAllItems(pk("batch"), ObjectNode.class).stream().count());
  }

  public void batchReadsOfWhatIsKnown() {
    String etag = c.createItem(Account.item("1", "known", 1)).getETag();
    CosmosBatch batch = CosmosBatch.createCosmosBatch(pk("known"));
    batch.readItemOperation("1", new CosmosBatchItemRequestOptions().setIfNoneMatchETag(etag));
    batch.readItemOperation("1");
    Account.same("[304, 200]", c.executeCosmosBatch(batch).getResults().stream().map(CosmosBatchOperationResult::getStatusCode).toList());
  }

  public void bulk() {
    List<CosmosItemOperation> ops = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      ops.add(CosmosBulkOperations.getCreateItemOperation(Account.item("" + i, "bulk" + i % 7, i), pk("bulk" + i % 7)));
    }
    CosmosAsyncContainer async = Account.ASYNC.getDatabase(db.getId()).getContainer("items");
    var done = async.executeBulkOperations(Flux.fromIterable(ops)).collectList().block();
    Account.same(400, done.stream().filter(r -> r.getResponse().getStatusCode() == 201).count());
    ops.clear();
    ops.add(CosmosBulkOperations.getCreateItemOperation(Account.item("0", "bulk0", 0), pk("bulk0")));
    ops.add(CosmosBulkOperations.getReadItemOperation("1", pk("bulk1")));
    ops.add(CosmosBulkOperations.getReadItemOperation("none", pk("bulk1")));
    ops.add(CosmosBulkOperations.getPatchItemOperation("2", pk("bulk2"), CosmosPatchOperations.create().set("/n", -1)));
    ops.add(CosmosBulkOperations.getDeleteItemOperation("3", pk("bulk3")));
    done = async.executeBulkOperations(Flux.fromIterable(ops)).collectList().block();
    Account.same("[200, 200, 204, 404, 409]", done.stream().map(r -> r.getResponse().getStatusCode()).sorted().toList());
    Account.same(-1, read("2", "bulk2").get("n"));
  }

  public void readMany() {
    List<CosmosItemIdentity> wanted = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      c.createItem(Account.item("" + i, "many" + i % 3, i));
      if (i % 2 == 0) {
        wanted.add(new CosmosItemIdentity(pk("many" + i % 3), "" + i));
      }
    }
    wanted.add(new CosmosItemIdentity(pk("many0"), "missing"));
    Account.same(10, c.readMany(wanted, ObjectNode.class).getResults().size());
  }

  public void deleteAllOfAPartitionKey() {
    for (int i = 0; i < 6; i++) {
      c.createItem(Account.item("" + i, "gone" + i % 2, i));
    }
    Account.same(200, c.deleteAllItemsByPartitionKey(pk("gone1"), new CosmosItemRequestOptions()).getStatusCode());
    Account.same(0, c.readAllItems(pk("gone1"), ObjectNode.class).stream().count());
    Account.same(3, c.readAllItems(pk("gone0"), ObjectNode.class).stream().count());
  }

  public void timeToLive() throws Exception {
    CosmosContainerProperties p = new CosmosContainerProperties("expiring", "/pk");
    p.setDefaultTimeToLiveInSeconds(1);
    db.createContainer(p);
    CosmosContainer expiring = db.getContainer("expiring");
    expiring.createItem(Account.item("1", "a", 1));
    expiring.createItem(Account.item("2", "a", 1).put("ttl", -1));
    Account.eventually(10, () -> expiring.readAllItems(pk("a"), ObjectNode.class).stream().count() == 1, "one item expired");
  }

  public void writesWithoutContentHaveNoItem() {
    CosmosClient quiet = Account.builder().contentResponseOnWriteEnabled(false).buildClient();
    CosmosItemResponse<ObjectNode> r = quiet.getDatabase(db.getId()).getContainer("items").createItem(Account.item("q", "quiet", 1));
    Account.check(r.getItem() == null && r.getETag() != null, "item %s, etag %s", r.getItem(), r.getETag());
    quiet.close();
  }

  public void sessionsReadTheirWrites() {
    String token = c.upsertItem(Account.item("1", "session", 1)).getSessionToken();
    CosmosItemRequestOptions o = new CosmosItemRequestOptions().setSessionToken(token);
    Account.same(1, c.readItem("1", pk("session"), o, ObjectNode.class).getItem().get("n"));
  }
}
