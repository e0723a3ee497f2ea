import com.azure.core.amqp.exception.AmqpErrorCondition;
import com.azure.messaging.eventhubs.EventHubClientBuilder;
import com.azure.messaging.eventhubs.EventHubConsumerAsyncClient;
import com.azure.messaging.eventhubs.EventHubConsumerClient;
import com.azure.messaging.eventhubs.models.EventPosition;
import com.azure.messaging.eventhubs.models.PartitionEvent;
import com.azure.messaging.eventhubs.models.ReceiveOptions;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import reactor.core.Disposable;

public final class ReceiveTest {
  public void everyStartPosition() {
    Hub.send("java8", "0", "a", "b");
    Instant between = Instant.now().plusMillis(5);
    while (!Instant.now().isAfter(between.plusMillis(5))) {
      Thread.onSpinWait();
    }
    Hub.send("java8", "0", "c", "d");
    try (EventHubConsumerClient c = Hub.consumer("java8")) {
      List<PartitionEvent> all = Hub.receive(c, "0", 4, EventPosition.earliest());
      Hub.equal(List.of("a", "b", "c", "d"), Hub.bodies(all));
      String second = all.get(1).getData().getOffsetString();
      Hub.equal(List.of("c"), Hub.bodies(Hub.receive(c, "0", 1, EventPosition.fromOffsetString(second))));
      Hub.equal(List.of("b"), Hub.bodies(Hub.receive(c, "0", 1, EventPosition.fromSequenceNumber(1, true))));
      Hub.equal(List.of("c"), Hub.bodies(Hub.receive(c, "0", 1, EventPosition.fromSequenceNumber(1, false))));
      Hub.equal(List.of("c", "d"), Hub.bodies(Hub.receive(c, "0", 2, EventPosition.fromEnqueuedTime(between))));
    }
  }

  public void positionBeyondTheEnd() {
    try (EventHubConsumerAsyncClient c = Hub.builder(Hub.CONNECTION, "java1").buildAsyncConsumerClient()) {
      Hub.rejects(AmqpErrorCondition.ARGUMENT_ERROR, "The supplied sequence number '999' is invalid. The last sequence number in the system is '-1'",
          () -> c.receiveFromPartition("3", EventPosition.fromSequenceNumber(999)).blockFirst(Hub.LIMIT));
      Hub.rejects(AmqpErrorCondition.ARGUMENT_ERROR, "The supplied offset '999' is invalid. The last offset in the system is '-1'",
          () -> c.receiveFromPartition("3", EventPosition.fromOffsetString("999")).blockFirst(Hub.LIMIT));
    }
  }

  public void moreThanThePrefetch() {
    String[] bodies = new String[1500];
    for (int i = 0; i < bodies.length; i++) {
      bodies[i] = "" + i;
    }
    Hub.send("java9", "0", bodies);
    try (EventHubConsumerClient c = Hub.consumer("java9")) {
      Hub.equal(List.of(bodies), Hub.bodies(Hub.receive(c, "0", bodies.length, EventPosition.earliest())));
    }
  }

  public void runtimeMetric() {
    Hub.send("java10", "0", "a", "b", "c");
    try (EventHubConsumerAsyncClient c = Hub.builder(Hub.CONNECTION, "java10").buildAsyncConsumerClient()) {
      PartitionEvent e = c.receiveFromPartition("0", EventPosition.earliest(), new ReceiveOptions().setTrackLastEnqueuedEventProperties(true))
          .blockFirst(Hub.LIMIT);
      Hub.equal(2L, e.getLastEnqueuedEventProperties().getSequenceNumber());
    }
  }

  public void consumerGroups() {
    Hub.send("java11", "0", "a");
    EventHubClientBuilder second = Hub.builder(Hub.CONNECTION, "java11").consumerGroup("Second");
    try (EventHubConsumerClient c = second.buildConsumerClient()) {
      Hub.equal(List.of("a"), Hub.bodies(Hub.receive(c, "0", 1, EventPosition.earliest())));
    }
    try (EventHubConsumerAsyncClient c = Hub.builder(Hub.CONNECTION, "java11").consumerGroup("third").buildAsyncConsumerClient()) {
      Hub.rejects(AmqpErrorCondition.NOT_FOUND, "could not be found",
          () -> c.receiveFromPartition("0", EventPosition.earliest()).blockFirst(Hub.LIMIT));
    }
  }

  public void higherEpochTakesThePartitionOver() throws Exception {
    Hub.send("java12", "0", "a");
    try (EventHubConsumerAsyncClient low = Hub.builder(Hub.CONNECTION, "java12").buildAsyncConsumerClient();
        EventHubConsumerAsyncClient high = Hub.builder(Hub.CONNECTION, "java12").buildAsyncConsumerClient()) {
      CompletableFuture<Void> reading = new CompletableFuture<>();
      CompletableFuture<Throwable> stolen = new CompletableFuture<>();
      Disposable reader = low.receiveFromPartition("0", EventPosition.earliest(), new ReceiveOptions().setOwnerLevel(1L))
          .subscribe(e -> reading.complete(null), stolen::complete);
      reading.get(20, TimeUnit.SECONDS);
      high.receiveFromPartition("0", EventPosition.earliest(), new ReceiveOptions().setOwnerLevel(2L)).blockFirst(Hub.LIMIT);
      Throwable why = stolen.get(20, TimeUnit.SECONDS);
      Hub.that(why.getMessage().contains("with higher epoch of '2' is created"), why);
      reader.dispose();
    }
  }
}
