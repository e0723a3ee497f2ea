import com.azure.cosmos.ConsistencyLevel;
import com.azure.cosmos.CosmosAsyncClient;
import com.azure.cosmos.CosmosClient;
import com.azure.cosmos.CosmosClientBuilder;
import com.azure.cosmos.CosmosContainer;
import com.azure.cosmos.CosmosDatabase;
import com.azure.cosmos.CosmosException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Objects;
import java.util.UUID;

/** The account under test, as a Java application reaches it: gateway mode over verified TLS. */
final class Account {
  static final ObjectMapper JSON = new ObjectMapper();
  static final String ENDPOINT = System.getenv("COSMOS_ENDPOINT");
  static final String KEY = System.getenv("COSMOS_KEY");
  static final CosmosClient CLIENT;
  static final CosmosAsyncClient ASYNC;

  static {
    try {
      trustTheAuthority();
    } catch (Exception e) {
      throw new ExceptionInInitializerError(e);
    }
    CLIENT = builder().buildClient();
    ASYNC = builder().buildAsyncClient();
  }

  private Account() {}

  static CosmosClientBuilder builder() {
    return new CosmosClientBuilder().endpoint(ENDPOINT).key(KEY).gatewayMode().consistencyLevel(ConsistencyLevel.SESSION)
        .contentResponseOnWriteEnabled(true);
  }

  /** Puts what /_explorer/emulator.pem serves into a trust store, as the vendor's guide does with keytool. */
  private static void trustTheAuthority() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    URI pem = URI.create(ENDPOINT.replace("https://", "http://") + "_explorer/emulator.pem");
    try (InputStream in = pem.toURL().openStream()) {
      store.setCertificateEntry("lazuli", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    Path file = Files.createTempFile("trust", ".p12");
    file.toFile().deleteOnExit();
    try (OutputStream out = Files.newOutputStream(file)) {
      store.store(out, "changeit".toCharArray());
    }
    System.setProperty("javax.net.ssl.trustStore", file.toString());
    System.setProperty("javax.net.ssl.trustStoreType", "PKCS12");
    System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
  }

  /** A database of the caller's own. */
  static CosmosDatabase database() {
    String name = "java-" + UUID.randomUUID();
    CLIENT.createDatabase(name);
    return CLIENT.getDatabase(name);
  }

  static CosmosContainer container(CosmosDatabase db, String name) {
    db.createContainer(name, "/pk");
    return db.getContainer(name);
  }

  static ObjectNode item(String id, String pk, int n) {
    return JSON.createObjectNode().put("id", id).put("pk", pk).put("n", n);
  }

  static void same(Object want, Object got) {
    if (!Objects.equals(String.valueOf(want), String.valueOf(got))) {
      throw new AssertionError("want " + want + ", got " + got);
    }
  }

  static void check(boolean holds, String what, Object... values) {
    if (!holds) {
      throw new AssertionError(String.format(what, values));
    }
  }

  interface Call {
    void run() throws Exception;
  }

  /** The call must fail with the status; its exception is returned. */
  static CosmosException fails(int status, Call call) throws Exception {
    try {
      call.run();
    } catch (CosmosException e) {
      same(status, e.getStatusCode());
      return e;
    }
    throw new AssertionError("no exception, want status " + status);
  }

  interface Claim {
    boolean holds() throws Exception;
  }

  /** Waits for an effect of the client's own threads. */
  static void eventually(int seconds, Claim claim, String what) throws Exception {
    for (long end = System.nanoTime() + seconds * 1_000_000_000L; System.nanoTime() < end; Thread.sleep(20)) {
      if (claim.holds()) {
        return;
      }
    }
    check(claim.holds(), "not within %d s: %s", seconds, what);
  }
}
