import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import org.apache.qpid.jms.JmsConnectionFactory;

/** The JMS client of Apache Qpid: a client that knows AMQP and nothing of Event Hubs. */
public final class JmsTest {
  private static Connection connect(String key) throws JMSException {
    Connection c = new JmsConnectionFactory("RootManageSharedAccessKey", key, "amqp://" + System.getenv("EVENTHUB_ADDRESS")).createConnection();
    c.start();
    return c;
  }

  public void sendAndReceive() throws Exception {
    try (Connection c = connect("SAS_KEY_VALUE")) {
      Session s = c.createSession(false, Session.CLIENT_ACKNOWLEDGE);
      MessageProducer p = s.createProducer(s.createQueue("java15/Partitions/0"));
      for (int i = 0; i < 300; i++) {
        TextMessage m = s.createTextMessage("text " + i);
        m.setStringProperty("site", "north");
        m.setJMSCorrelationID("c-" + i);
        p.send(m);
      }
      BytesMessage raw = s.createBytesMessage();
      raw.writeBytes("bytes".getBytes(StandardCharsets.UTF_8));
      p.send(raw);
      MessageConsumer in = s.createConsumer(s.createQueue("java15/ConsumerGroups/$Default/Partitions/0"));
      for (int i = 0; i < 300; i++) {
        TextMessage m = (TextMessage) in.receive(Hub.LIMIT.toMillis());
        Hub.equal("text " + i, m.getText());
        Hub.equal("north", m.getStringProperty("site"));
        Hub.equal("c-" + i, m.getJMSCorrelationID());
        m.acknowledge(); // changes nothing, and must be answered
      }
      Message last = in.receive(Hub.LIMIT.toMillis());
      Hub.equal("bytes", new String(last.getBody(byte[].class), StandardCharsets.UTF_8));
    }
  }

  public void refusals() throws Exception {
    try {
      connect("guess").close();
      throw new AssertionError("a wrong key is let in");
    } catch (JMSException e) {
      Hub.that(e instanceof jakarta.jms.JMSSecurityException, e);
    }
    try (Connection c = connect("SAS_KEY_VALUE")) {
      Session s = c.createSession(false, Session.AUTO_ACKNOWLEDGE);
      try {
        s.createProducer(s.createQueue("nowhere"));
        throw new AssertionError("an unknown hub is accepted");
      } catch (JMSException e) {
        Hub.that(e.getMessage().contains("could not be found"), e);
      }
    }
  }
}
