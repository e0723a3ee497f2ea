import com.azure.core.amqp.exception.AmqpErrorCondition;
import com.azure.messaging.eventhubs.EventData;
import com.azure.messaging.eventhubs.EventDataBatch;
import com.azure.messaging.eventhubs.EventHubBufferedProducerClient;
import com.azure.messaging.eventhubs.EventHubBufferedProducerClientBuilder;
import com.azure.messaging.eventhubs.EventHubConsumerClient;
import com.azure.messaging.eventhubs.EventHubProducerClient;
import com.azure.messaging.eventhubs.models.CreateBatchOptions;
import com.azure.messaging.eventhubs.models.EventPosition;
import com.azure.messaging.eventhubs.models.PartitionEvent;
import com.azure.messaging.eventhubs.models.SendOptions;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;

public final class SendTest {
  public void oneEventWithAllItsProperties() {
    EventData sent = new EventData("{\"celsius\":21.5}").setContentType("application/json").setMessageId("m-1").setCorrelationId("c-1");
    sent.getProperties().put("site", "north");
    sent.getProperties().put("count", 3L);
    try (EventHubProducerClient p = Hub.producer("java3"); EventHubConsumerClient c = Hub.consumer("java3")) {
      p.send(List.of(sent), new SendOptions().setPartitionId("0"));
      EventData got = Hub.receive(c, "0", 1, EventPosition.earliest()).get(0).getData();
      Hub.equal("{\"celsius\":21.5}", got.getBodyAsString());
      Hub.equal("application/json", got.getContentType());
      Hub.equal("m-1", got.getMessageId());
      Hub.equal("c-1", got.getCorrelationId());
      Hub.equal("north", got.getProperties().get("site"));
      Hub.equal(3L, got.getProperties().get("count"));
      Hub.equal(0L, got.getSequenceNumber());
    }
  }

  public void partitionKey() {
    // TestKey hashes to partition 1 of four, on Azure as here.
    try (EventHubProducerClient p = Hub.producer("java4"); EventHubConsumerClient c = Hub.consumer("java4")) {
      EventDataBatch batch = p.createBatch(new CreateBatchOptions().setPartitionKey("TestKey"));
      batch.tryAdd(new EventData("a"));
      batch.tryAdd(new EventData("b"));
      p.send(batch);
      List<PartitionEvent> got = Hub.receive(c, "1", 2, EventPosition.earliest());
      Hub.equal(List.of("a", "b"), Hub.bodies(got));
      Hub.equal("TestKey", got.get(1).getData().getPartitionKey());
    }
  }

  public void withoutKeyBatchesGoRound() {
    try (EventHubProducerClient p = Hub.producer("java5")) {
      for (int i = 0; i < 8; i++) {
        p.send(Hub.events("x"));
      }
      for (String id : p.getPartitionIds()) {
        Hub.equal(1L, p.getPartitionProperties(id).getLastEnqueuedSequenceNumber());
      }
    }
  }

  public void fullBatch() {
    try (EventHubProducerClient p = Hub.producer("java6")) {
      EventDataBatch batch = p.createBatch(new CreateBatchOptions().setPartitionId("2"));
      Hub.equal(1048576, batch.getMaxSizeInBytes());
      while (batch.tryAdd(new EventData(new byte[10000]))) {
        // until it is full
      }
      p.send(batch);
      Hub.equal(batch.getCount() - 1L, p.getPartitionProperties("2").getLastEnqueuedSequenceNumber());
    }
  }

  public void bufferedProducer() {
    Queue<Throwable> failed = new ConcurrentLinkedQueue<>();
    try (EventHubBufferedProducerClient p = new EventHubBufferedProducerClientBuilder().connectionString(Hub.CONNECTION, "java7")
        .onSendBatchSucceeded(x -> { }).onSendBatchFailed(x -> failed.add(x.getThrowable())).buildClient()) {
      for (int i = 0; i < 100; i++) {
        p.enqueueEvent(new EventData("b" + i));
        p.enqueueEvent(new EventData("k" + i), new SendOptions().setPartitionKey("TestKey"));
      }
      p.flush();
    }
    Hub.equal("[]", failed.toString());
    try (EventHubProducerClient p = Hub.producer("java7"); EventHubConsumerClient c = Hub.consumer("java7")) {
      long stored = IntStream.range(0, 4).mapToLong(i -> p.getPartitionProperties("" + i).getLastEnqueuedSequenceNumber() + 1).sum();
      Hub.equal(200L, stored);
      int there = (int) p.getPartitionProperties("1").getLastEnqueuedSequenceNumber() + 1;
      List<String> keyed = Hub.bodies(Hub.receive(c, "1", there, EventPosition.earliest())).stream().filter(b -> b.startsWith("k")).toList();
      Hub.equal(IntStream.range(0, 100).mapToObj(i -> "k" + i).toList(), keyed);
    }
  }

  public void unknownHub() {
    try (EventHubProducerClient p = Hub.producer("nowhere")) {
      Hub.rejects(AmqpErrorCondition.NOT_FOUND, "could not be found", () -> p.send(Hub.events("x")));
    }
  }

  public void rightsAreEnforced() {
    try (EventHubProducerClient p = Hub.builder(Hub.LISTEN_ONLY, "java1").buildProducerClient()) {
      Hub.rejects(AmqpErrorCondition.UNAUTHORIZED_ACCESS, "'Send' claim(s) are required", () -> p.send(Hub.events("x")));
    }
  }
}
