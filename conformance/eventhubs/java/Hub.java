import com.azure.core.amqp.AmqpRetryOptions;
import com.azure.core.amqp.exception.AmqpErrorCondition;
import com.azure.core.amqp.exception.AmqpException;
import com.azure.messaging.eventhubs.EventData;
import com.azure.messaging.eventhubs.EventHubClientBuilder;
import com.azure.messaging.eventhubs.EventHubConsumerClient;
import com.azure.messaging.eventhubs.EventHubProducerClient;
import com.azure.messaging.eventhubs.models.EventPosition;
import com.azure.messaging.eventhubs.models.PartitionEvent;
import com.azure.messaging.eventhubs.models.SendOptions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The namespace under test, from the environment of the Go driver, and what the
 * tests share. Every test has a hub of its own: java1, java2, … with four
 * partitions and the consumer group "second".
 */
final class Hub {
  static final String CONNECTION = System.getenv("EVENTHUB_CONNECTION_STRING");
  static final String LISTEN_ONLY = System.getenv("EVENTHUB_CONNECTION_STRING_LISTEN_ONLY");
  static final String SEND_ONLY = System.getenv("EVENTHUB_CONNECTION_STRING_SEND_ONLY");
  static final Duration LIMIT = Duration.ofSeconds(20);

  private Hub() {
  }

  static EventHubClientBuilder builder(String connection, String hub) {
    AmqpRetryOptions once = new AmqpRetryOptions().setMaxRetries(0).setTryTimeout(Duration.ofSeconds(15));
    return new EventHubClientBuilder().connectionString(connection, hub).retryOptions(once).consumerGroup("$Default");
  }

  static EventHubProducerClient producer(String hub) {
    return builder(CONNECTION, hub).buildProducerClient();
  }

  static EventHubConsumerClient consumer(String hub) {
    return builder(CONNECTION, hub).buildConsumerClient();
  }

  /** Sends the bodies to one partition, in one batch. */
  static void send(String hub, String partition, String... bodies) {
    try (EventHubProducerClient p = producer(hub)) {
      p.send(events(bodies), new SendOptions().setPartitionId(partition));
    }
  }

  static List<EventData> events(String... bodies) {
    return Arrays.stream(bodies).map(EventData::new).toList();
  }

  /** Returns the first count events of a partition from the position on, or fewer after the limit. */
  static List<PartitionEvent> receive(EventHubConsumerClient c, String partition, int count, EventPosition from) {
    return c.receiveFromPartition(partition, count, from, LIMIT).stream().toList();
  }

  static List<String> bodies(List<PartitionEvent> events) {
    return events.stream().map(e -> e.getData().getBodyAsString()).toList();
  }

  static void equal(Object want, Object got) {
    if (!Objects.equals(want, got)) {
      throw new AssertionError("got " + got + ", want " + want);
    }
  }

  static void that(boolean claim, Object otherwise) {
    if (!claim) {
      throw new AssertionError(String.valueOf(otherwise));
    }
  }

  /** Demands that the action fails with the condition, and with the part in its text. */
  static void rejects(AmqpErrorCondition condition, String part, Runnable action) {
    try {
      action.run();
    } catch (RuntimeException e) {
      for (Throwable t = e; t != null; t = t.getCause()) {
        if (t instanceof AmqpException a && a.getErrorCondition() == condition && a.getMessage().contains(part)) {
          return;
        }
      }
      throw e;
    }
    throw new AssertionError("succeeded instead of failing with " + condition);
  }
}
