import com.azure.core.credential.TokenCredential;
import com.azure.cosmos.CosmosClient;
import com.azure.cosmos.CosmosClientBuilder;
import com.azure.cosmos.CosmosContainer;
import com.azure.cosmos.CosmosException;
import com.azure.cosmos.models.CosmosQueryRequestOptions;
import com.azure.cosmos.models.PartitionKey;
import com.azure.identity.ClientSecretCredentialBuilder;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.messaging.eventhubs.EventData;
import com.azure.messaging.eventhubs.EventHubClientBuilder;
import com.azure.messaging.eventhubs.models.EventPosition;
import com.azure.core.util.BinaryData;
import com.azure.storage.blob.BlobClient;
import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.blob.models.BlobErrorCode;
import com.azure.storage.blob.models.BlobStorageException;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Programs as they are written for Azure: its host names, DefaultAzureCredential,
 * and nothing of Lazuli. That they reach it is the work of `lazuli exec`.
 */
public final class ExecTest {
  private final TokenCredential developer = new DefaultAzureCredentialBuilder().build();
  /** An application that may only read. */
  private final TokenCredential reader = new ClientSecretCredentialBuilder().tenantId("adfs")
      .clientId(System.getenv("READER_ID")).clientSecret(System.getenv("READER_SECRET"))
      .authorityHost(System.getenv("READER_AUTHORITY")).build();

  private static EventHubClientBuilder hub(String namespace, TokenCredential credential) {
    return new EventHubClientBuilder().credential(namespace + ".servicebus.windows.net", "orders", credential)
        .retryOptions(new com.azure.core.amqp.AmqpRetryOptions().setMaxRetries(0).setTryTimeout(Duration.ofSeconds(15)));
  }

  private static void send(String namespace, String body, TokenCredential credential) {
    try (var client = hub(namespace, credential).buildProducerClient()) {
      client.send(List.of(new EventData(body)));
    }
  }

  private static List<String> receive(String namespace, TokenCredential credential) {
    try (var client = hub(namespace, credential).consumerGroup("$Default").buildConsumerClient()) {
      return client.receiveFromPartition("0", 10, EventPosition.earliest(), Duration.ofSeconds(2)).stream()
          .map(e -> e.getData().getBodyAsString()).toList();
    }
  }

  private static void orders(String account, TokenCredential credential, Consumer<CosmosContainer> use) {
    try (CosmosClient client = new CosmosClientBuilder().endpoint("https://" + account + ".documents.azure.com:443/")
        .credential(credential).gatewayMode().buildClient()) {
      use.accept(client.getDatabase("shop").getContainer("orders"));
    }
  }

  private static void put(String account, String id, TokenCredential credential) {
    orders(account, credential, c -> c.upsertItem(Map.of("id", id, "of", account)));
  }

  private static void holds(String account, String id, TokenCredential credential) {
    orders(account, credential, c -> {
      Object of = c.readItem(id, new PartitionKey(id), Map.class).getItem().get("of");
      check(account.equals(of), account + " holds " + of);
    });
  }

  private static void check(boolean claim, String otherwise) {
    if (!claim) {
      throw new AssertionError(otherwise);
    }
  }

  public void hubs() {
    send("contoso-evhns", "java-contoso", developer);
    send("fabrikam-evhns", "java-fabrikam", developer);
    check(receive("contoso-evhns", developer).equals(List.of("java-contoso")), "contoso");
    check(receive("fabrikam-evhns", developer).equals(List.of("java-fabrikam")), "fabrikam");
  }

  public void hubsWithoutARole() {
    try {
      send("contoso-evhns", "never", reader);
    } catch (RuntimeException refused) {
      check(refused.getMessage().contains("Send"), refused.getMessage());
      return;
    }
    throw new AssertionError("not refused");
  }

  public void documents() {
    put("contoso-cosmos", "java", developer);
    put("fabrikam-cosmos", "java", developer);
    holds("contoso-cosmos", "java", developer);
    orders("fabrikam-cosmos", developer, c -> check(
        c.queryItems("SELECT * FROM c", new CosmosQueryRequestOptions(), Map.class).stream().count() == 1, "another account's documents"));
  }

  public void documentsWithoutARole() {
    try {
      put("contoso-cosmos", "never", reader);
    } catch (CosmosException refused) {
      check(refused.getStatusCode() == 403, refused.getMessage());
      return;
    }
    throw new AssertionError("not refused");
  }

  public void readerReads() {
    put("contoso-cosmos", "read", developer);
    holds("contoso-cosmos", "read", reader);
  }

  private static BlobClient blob(String account, TokenCredential credential) {
    return new BlobServiceClientBuilder().endpoint("https://" + account + ".blob.core.windows.net").credential(credential)
        .retryOptions(new RequestRetryOptions(RetryPolicyType.FIXED, 1, 30, null, null, null)).buildClient()
        .getBlobContainerClient("deployments").getBlobClient("java");
  }

  public void blobs() {
    blob("contososa", developer).upload(BinaryData.fromString("contoso"), true);
    blob("fabrikamsa", developer).upload(BinaryData.fromString("fabrikam"), true);
    check(blob("contososa", developer).downloadContent().toString().equals("contoso"), "contoso");
    check(blob("fabrikamsa", developer).downloadContent().toString().equals("fabrikam"), "fabrikam");
  }

  public void blobsWithoutARole() {
    blob("contososa", developer).upload(BinaryData.fromString("read"), true);
    check(blob("contososa", reader).downloadContent().toString().equals("read"), "not read");
    try {
      blob("contososa", reader).upload(BinaryData.fromString("never"), true);
    } catch (BlobStorageException refused) {
      check(refused.getStatusCode() == 403 && refused.getErrorCode().equals(BlobErrorCode.AUTHORIZATION_PERMISSION_MISMATCH), refused.getMessage());
      return;
    }
    throw new AssertionError("not refused");
  }
}
