import com.azure.messaging.eventhubs.CheckpointStore;
import com.azure.messaging.eventhubs.EventProcessorClient;
import com.azure.messaging.eventhubs.EventProcessorClientBuilder;
import com.azure.messaging.eventhubs.models.Checkpoint;
import com.azure.messaging.eventhubs.models.EventPosition;
import com.azure.messaging.eventhubs.models.PartitionOwnership;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The event processor over a checkpoint store in memory: what it needs of the service are properties and epochs. */
public final class ProcessorTest {
  public void goesOnBehindItsCheckpoint() throws Exception {
    MemoryStore store = new MemoryStore();
    for (int p = 0; p < 4; p++) {
      Hub.send("java13", "" + p, "old" + p);
    }
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    EventProcessorClient first = processor("java13", store, seen);
    first.start();
    Hub.equal(set("old"), take(seen, 4));
    first.stop();
    for (int p = 0; p < 4; p++) {
      Hub.send("java13", "" + p, "new" + p);
    }
    EventProcessorClient second = processor("java13", store, seen);
    second.start();
    Hub.equal(set("new"), take(seen, 4));
    second.stop();
  }

  public void twoShareThePartitions() throws Exception {
    MemoryStore store = new MemoryStore();
    BlockingQueue<String> one = new LinkedBlockingQueue<>();
    BlockingQueue<String> other = new LinkedBlockingQueue<>();
    EventProcessorClient first = processor("java14", store, one);
    EventProcessorClient second = processor("java14", store, other);
    first.start();
    second.start();
    long end = System.nanoTime() + Hub.LIMIT.toNanos();
    while (!store.isShared()) {
      Hub.that(System.nanoTime() < end, store.owners);
      Thread.sleep(100);
    }
    for (int p = 0; p < 4; p++) {
      Hub.send("java14", "" + p, "x" + p);
    }
    TreeSet<String> all = take(one, 2);
    all.addAll(take(other, 2));
    Hub.equal(set("x"), all);
    first.stop();
    second.stop();
  }

  private static EventProcessorClient processor(String hub, CheckpointStore store, BlockingQueue<String> seen) {
    Map<String, EventPosition> earliest = IntStream.range(0, 4).boxed().collect(Collectors.toMap(String::valueOf, p -> EventPosition.earliest()));
    return new EventProcessorClientBuilder().connectionString(Hub.CONNECTION, hub).consumerGroup("$Default").checkpointStore(store)
        .initialPartitionEventPosition(earliest).loadBalancingUpdateInterval(Duration.ofSeconds(1)).partitionOwnershipExpirationInterval(Duration.ofSeconds(10))
        .processEvent(e -> {
          e.updateCheckpoint();
          seen.add(e.getEventData().getBodyAsString());
        })
        .processError(e -> System.err.println(e.getThrowable())).buildEventProcessorClient();
  }

  private static TreeSet<String> take(BlockingQueue<String> from, int count) throws InterruptedException {
    TreeSet<String> got = new TreeSet<>();
    for (int i = 0; i < count; i++) {
      String body = from.poll(20, TimeUnit.SECONDS);
      Hub.that(body != null, "only " + got);
      got.add(body);
    }
    return got;
  }

  private static TreeSet<String> set(String prefix) {
    return new TreeSet<>(List.of(prefix + 0, prefix + 1, prefix + 2, prefix + 3));
  }

  /** Ownership and checkpoints in memory, with ETags as the blob store has them. */
  private static final class MemoryStore implements CheckpointStore {
    final Map<String, PartitionOwnership> owners = new ConcurrentHashMap<>();
    private final Map<String, Checkpoint> checkpoints = new ConcurrentHashMap<>();
    private int etag;

    synchronized boolean isShared() {
      Map<String, Long> counts = owners.values().stream()
          .collect(Collectors.groupingBy(PartitionOwnership::getOwnerId, Collectors.counting()));
      return owners.size() == 4 && counts.size() == 2 && counts.values().stream().allMatch(n -> n == 2);
    }

    @Override
    public Flux<PartitionOwnership> listOwnership(String namespace, String hub, String group) {
      return Flux.defer(() -> Flux.fromIterable(List.copyOf(owners.values()))); // asked again and again
    }

    @Override
    public Flux<PartitionOwnership> claimOwnership(List<PartitionOwnership> wanted) {
      return Flux.defer(() -> Flux.fromIterable(wanted.stream().map(this::claim).filter(o -> o != null).toList()));
    }

    private synchronized PartitionOwnership claim(PartitionOwnership wanted) {
      PartitionOwnership present = owners.get(wanted.getPartitionId());
      if (present != null && !present.getETag().equals(wanted.getETag())) {
        return null;
      }
      wanted.setETag("" + ++etag).setLastModifiedTime(System.currentTimeMillis());
      owners.put(wanted.getPartitionId(), wanted);
      return wanted;
    }

    @Override
    public Flux<Checkpoint> listCheckpoints(String namespace, String hub, String group) {
      return Flux.defer(() -> Flux.fromIterable(List.copyOf(checkpoints.values())));
    }

    @Override
    public Mono<Void> updateCheckpoint(Checkpoint c) {
      return Mono.fromRunnable(() -> checkpoints.put(c.getPartitionId(), c));
    }
  }
}
