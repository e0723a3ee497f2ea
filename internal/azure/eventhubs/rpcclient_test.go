package eventhubs

import (
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

// rpc is a raw client of $cbs or $management.
type rpc struct {
	t       testing.TB
	send    *amqp.Link
	receive *amqp.Link
	replies chan *amqp.Message
	replyTo string
}

// newRPC attaches both links. target is the reply link's target address; with
// "" the reply-to is the link's name, as JavaScript does it.
func (w *world) newRPC(s *amqp.Session, node, target string) *rpc {
	w.t.Helper()
	r := &rpc{t: w.t, replies: make(chan *amqp.Message, 10), replyTo: target}
	name := node + "-replies-" + target
	if target == "" {
		r.replyTo = name
	}
	var err error
	r.receive, err = s.AttachReceiver(within(w.t), name, node, func(l *amqp.Link) {
		if target != "" {
			l.Local.Target.Address = target
		} else {
			l.Local.Target.Address = ""
		}
		l.Credit = 10
		l.OnTransfer = func(d *amqp.Delivery) {
			m, err := amqp.ParseMessage(append([]byte(nil), d.Payload...))
			if err != nil {
				w.t.Errorf("reply: %v", err)
			}
			r.replies <- m
			d.Accept()
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if r.send, err = s.AttachSender(within(w.t), node+"-requests-"+target, node, nil); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// call sends a request and returns its reply.
func (r *rpc) call(id amqp.Value, props amqp.Map, body amqp.Value) *amqp.Message {
	r.t.Helper()
	m := amqp.Message{
		Properties:            &amqp.Properties{MessageID: id, ReplyTo: r.replyTo},
		ApplicationProperties: props, HasValue: true, Value: body,
	}
	raw, err := m.Append(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := send(r.t, r.send, 0, raw); err != nil {
		r.t.Fatal(err)
	}
	select {
	case m := <-r.replies:
		return m
	case <-within(r.t).Done():
		r.t.Fatal("no reply")
		return nil
	}
}

// status returns the parts of a reply that clients look at. The status must be
// an int of 32 bits.
func status(t testing.TB, m *amqp.Message) (code int32, text string, condition amqp.Value) {
	t.Helper()
	v, _ := m.ApplicationProperties.Get("status-code")
	code, ok := v.(int32)
	if !ok {
		t.Fatalf("status-code is a %T", v)
	}
	condition, _ = m.ApplicationProperties.Get("error-condition")
	return code, m.ApplicationProperties.String("status-description"), condition
}

const sasType = "servicebus.windows.net:sastoken"

// putToken puts a token for the audience and returns the reply's status.
func (r *rpc) putToken(tokenType, audience, token string) (int32, string, amqp.Value) {
	r.t.Helper()
	return status(r.t, r.call("put", amqp.Map{
		{Key: "operation", Value: "put-token"}, {Key: "type", Value: tokenType}, {Key: "name", Value: audience},
	}, token))
}

// emulatorToken is a token of the emulator's rule for a resource.
func emulatorToken(resource string, life time.Duration) string {
	r := emulatorRule()
	return NewSASToken(resource, r.Name, r.Key, time.Now().Add(life))
}
