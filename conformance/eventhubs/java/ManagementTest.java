import com.azure.core.amqp.exception.AmqpErrorCondition;
import com.azure.messaging.eventhubs.EventHubConsumerClient;
import com.azure.messaging.eventhubs.EventHubProducerClient;
import com.azure.messaging.eventhubs.EventHubProperties;
import com.azure.messaging.eventhubs.PartitionProperties;
import java.time.Duration;
import java.time.Instant;

/** The client asks $management with a token in each request, and puts none on $cbs before. */
public final class ManagementTest {
  public void propertiesBeforeAnyOtherLink() {
    try (EventHubProducerClient p = Hub.producer("java1")) {
      EventHubProperties hub = p.getEventHubProperties();
      Hub.equal("java1", hub.getName());
      Hub.equal("[0, 1, 2, 3]", hub.getPartitionIds().stream().toList().toString());
      Hub.that(Duration.between(hub.getCreatedAt(), Instant.now()).abs().toHours() < 1, hub.getCreatedAt());
    }
    try (EventHubConsumerClient c = Hub.consumer("java1")) {
      Hub.equal(4L, c.getPartitionIds().stream().count());
    }
  }

  public void propertiesOfPartitions() {
    Hub.send("java2", "1", "a", "b", "c");
    try (EventHubConsumerClient c = Hub.consumer("java2")) {
      PartitionProperties full = c.getPartitionProperties("1");
      Hub.equal(0L, full.getBeginningSequenceNumber());
      Hub.equal(2L, full.getLastEnqueuedSequenceNumber());
      Hub.that(!full.isEmpty(), "it is empty");
      Hub.that(Duration.between(full.getLastEnqueuedTime(), Instant.now()).abs().toMinutes() < 1, full.getLastEnqueuedTime());
      PartitionProperties empty = c.getPartitionProperties("3");
      Hub.that(empty.isEmpty() && empty.getLastEnqueuedSequenceNumber() == -1, empty.getLastEnqueuedSequenceNumber());
    }
  }

  public void anyRightSuffices() {
    for (String connection : new String[] {Hub.LISTEN_ONLY, Hub.SEND_ONLY}) {
      try (EventHubProducerClient p = Hub.builder(connection, "java1").buildProducerClient()) {
        Hub.equal("java1", p.getEventHubProperties().getName());
      }
    }
  }

  public void unknownHub() {
    try (EventHubProducerClient p = Hub.producer("nowhere")) {
      Hub.rejects(AmqpErrorCondition.NOT_FOUND, "could not be found", p::getEventHubProperties);
    }
  }

  public void unknownPartition() {
    try (EventHubProducerClient p = Hub.producer("java1")) {
      p.getPartitionProperties("4");
      throw new AssertionError("succeeded");
    } catch (IllegalArgumentException e) { // what the client makes of status 400
      Hub.that(e.getMessage().contains("The specified partition is invalid"), e);
    }
  }

  public void wrongKey() {
    String wrong = Hub.CONNECTION.replace("SAS_KEY_VALUE", "guess");
    try (EventHubProducerClient p = Hub.builder(wrong, "java1").buildProducerClient()) {
      Hub.rejects(AmqpErrorCondition.UNAUTHORIZED_ACCESS, "InvalidSignature", p::getEventHubProperties);
    }
  }
}
