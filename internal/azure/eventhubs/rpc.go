package eventhubs

import (
	"context"
	"slices"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

const (
	requestCredit   = 100       // requests a client may have open per link
	maxRequestBytes = 256 << 10 // of one request
	replyQueue      = 128       // requests waiting per reply link
)

// request is a decoded request to $cbs or $management.
type request struct {
	msg  *amqp.Message
	node Address // of the link it came on
}

// property returns a string application property, or "".
func (r request) property(name string) string { return r.msg.ApplicationProperties.String(name) }

// reply is the answer; a nil refusal means success with the given status.
type reply struct {
	status int32
	text   string
	body   amqp.Value
	err    *refusal
}

// rpcNode is one connection's $cbs or $management: it matches requests with
// reply links and answers on those, in order, from one goroutine per reply
// link.
//
// A reply goes to the reply link whose target address the request's reply-to
// names (Go, Python, .NET, Java), else whose name it is (JavaScript sends no
// target address), else to the only reply link of the session or connection.
type rpcNode struct {
	conn   *conn
	single bool // one link in each direction, as the service demands of $cbs
	handle func(context.Context, request) reply

	mu      sync.Mutex
	senders int          // links that bring requests; guarded by mu
	replies []*replyLink // guarded by mu
}

type replyLink struct {
	link  *amqp.Link
	queue chan rpcJob
}

type rpcJob struct {
	request  request
	delivery *amqp.Delivery
}

// attach takes a link of either direction in.
func (n *rpcNode) attach(l *amqp.Link, node Address) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l.Role == amqp.RoleReceiver {
		if n.single && n.senders > 0 {
			return n.second(node)
		}
		n.senders++
		l.Credit = requestCredit
		l.Local.MaxMessageSize = maxRequestBytes
		l.Local.RcvSettleMode = amqp.ReceiverFirst
		l.OnTransfer = func(d *amqp.Delivery) { n.take(d, node) }
		l.OnDetach = func(error) { n.drop(nil) }
		return nil
	}
	if n.single && len(n.replies) > 0 {
		return n.second(node)
	}
	r := &replyLink{link: l, queue: make(chan rpcJob, replyQueue)}
	n.replies = append(n.replies, r)
	l.OnDetach = func(error) { n.drop(r) }
	n.conn.spawn(func() { n.pump(r) })
	return nil
}

func (n *rpcNode) second(node Address) error {
	return refuse(409, amqp.ErrNotAllowed, "The connection has a link to '%s' in this direction already.", node)
}

// drop forgets a reply link, or a request link when r is nil.
func (n *rpcNode) drop(r *replyLink) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r == nil {
		n.senders--
		return
	}
	n.replies = slices.DeleteFunc(n.replies, func(x *replyLink) bool { return x == r })
}

// take decodes a request and queues it for its reply link.
func (n *rpcNode) take(d *amqp.Delivery, node Address) {
	payload, err := amqp.InOrder(d.Payload)
	if err != nil {
		d.Reject(refusalOf(err).wire())
		return
	}
	msg, err := amqp.ParseMessage(payload)
	if err != nil {
		d.Reject(refusalOf(err).wire())
		return
	}
	if msg.Properties == nil {
		msg.Properties = &amqp.Properties{}
	}
	r := n.route(msg.Properties.ReplyTo, d.Link.Session())
	if r == nil {
		// This condition makes clients open both links anew, which is the cure.
		d.Reject(refuse(400, amqp.ErrDetachForced,
			"No receiving link of '%s' is attached for the reply-to '%s'.", node, clip(msg.Properties.ReplyTo)).wire())
		return
	}
	select {
	case r.queue <- rpcJob{request{msg, node}, d}:
	default:
		d.Reject(refuse(503, condServerBusy, "Too many requests wait for an answer.").wire())
	}
}

// route finds the reply link for a reply-to.
func (n *rpcNode) route(replyTo string, session *amqp.Session) *replyLink {
	n.mu.Lock()
	defer n.mu.Unlock()
	if replyTo != "" {
		for _, r := range n.replies {
			if t := r.link.Remote.Target; t != nil && t.Address == replyTo {
				return r
			}
		}
		for _, r := range n.replies {
			if r.link.Name() == replyTo {
				return r
			}
		}
	}
	here := func(r *replyLink) bool { return r.link.Session() == session }
	if i := slices.IndexFunc(n.replies, here); i >= 0 && !slices.ContainsFunc(n.replies[i+1:], here) {
		return n.replies[i]
	}
	if len(n.replies) == 1 {
		return n.replies[0]
	}
	return nil
}

// pump answers the requests of one reply link until the link ends.
func (n *rpcNode) pump(r *replyLink) {
	for {
		select {
		case <-r.link.Done():
			return
		case job := <-r.queue:
			rep := n.handle(n.conn.ctx, job.request)
			out, err := encodeReply(rep, job.request.msg.Properties)
			if err != nil {
				job.delivery.Reject(refusalOf(err).wire())
				continue
			}
			job.delivery.Accept()
			if err := r.link.Send(n.conn.ctx, amqp.Outgoing{Body: out, Settled: true}); err != nil {
				return
			}
		}
	}
}

// encodeReply builds the reply message. Its correlation id is the request's
// message id with its AMQP type: Go insists on a string, Python on its number.
func encodeReply(rep reply, to *amqp.Properties) ([]byte, error) {
	id := to.MessageID
	if id == nil {
		id = to.CorrelationID
	}
	props := amqp.Map{}
	if rep.err != nil {
		rep.status, rep.text, rep.body = rep.err.status, rep.err.text, nil
		props = append(props, amqp.Entry{Key: "error-condition", Value: rep.err.condition})
	}
	props = append(props,
		amqp.Entry{Key: "status-code", Value: rep.status},
		amqp.Entry{Key: "status-description", Value: rep.text},
		amqp.Entry{Key: "statusDescription", Value: rep.text}) // where Python looks
	msg := amqp.Message{
		Properties:            &amqp.Properties{To: to.ReplyTo, CorrelationID: id},
		ApplicationProperties: props,
		HasValue:              true,
		Value:                 rep.body,
	}
	return msg.Append(nil)
}
