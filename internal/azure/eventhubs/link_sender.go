package eventhubs

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
)

// sendCredit is how many messages a sender may have unacknowledged. Clients
// wait for credit before they send; JavaScript gives up after a second.
const sendCredit = 1000

// capIdempotent is what a client asks for that numbers its events so that the
// service drops repetitions (EnableIdempotentRetries of .NET and JavaScript).
const capIdempotent amqp.Symbol = "com.microsoft:idempotent-producer"

// The link property that tells what kind of entity a link leads to, and its
// values for us.
const (
	propEntityType     amqp.Symbol = "com.microsoft:entity-type"
	entityHub                      = int32(7)
	entityGroup                    = int32(8)
	entityHubPartition             = int32(9)
)

// sender is a link on which a client sends: transfer in, append to a
// partition, acknowledge from the append's callback. It copies no payload; the
// delivery's memory is given back by its outcome. It holds no goroutine, except
// while a partition is full (link_sender_park.go).
type sender struct {
	conn   *conn
	link   *amqp.Link
	addr   Address
	hub    *broker.Hub
	fixed  *broker.Partition // NodePartition: the only target
	opened atomic.Bool       // hub and fixed are set
	events atomic.Uint64

	mu     sync.Mutex
	parked []*ingest // messages that wait for room in their partitions, oldest first; guarded by mu
}

// attachSender opens a send link. Creating a missing hub writes to disk, so
// that happens off the connection's reader.
func (c *conn) attachSender(l *amqp.Link, a Address) error {
	if err := c.permits(a, Send); err != nil {
		return err
	}
	if slices.Contains(l.Remote.DesiredCapabilities, capIdempotent) {
		return refuse(501, amqp.ErrNotImplemented, "Idempotent publishing (the link capability %s) is not supported. "+
			"Turn the client's idempotent retries off.", capIdempotent)
	}
	hub, err := c.svc.hub(a.Hub, c.uri(a.Hub))
	if err != nil {
		return err
	}
	s := &sender{conn: c, link: l, addr: a}
	l.OnDetach = s.detached
	if hub != nil {
		return s.open(hub)
	}
	c.spawn(func() {
		hub, err := c.svc.makeHub(a.Hub, "")
		if err == nil {
			err = s.open(hub)
		}
		if err != nil {
			l.Refuse(c.refusal(err).wire())
			return
		}
		l.Accept()
	})
	return amqp.ErrLater
}

// open binds the link to its hub, fills in our half of the attach, and only then
// admits the link: from there on a change of access may detach it.
func (s *sender) open(hub *broker.Hub) error {
	s.hub = hub
	kind := entityHub
	if s.addr.Kind == NodePartition {
		id, err := parsePartitionID(s.addr.Partition, hub.PartitionCount())
		if err != nil {
			return err
		}
		if s.fixed, err = hub.Partition(id); err != nil {
			return err
		}
		kind = entityHubPartition
	}
	l := s.link
	l.Credit = sendCredit
	l.Local.MaxMessageSize = s.conn.svc.cfg.MaxMessageBytes
	// Python asks for the mode second, and yet takes only a settled answer.
	l.Local.RcvSettleMode = amqp.ReceiverFirst
	l.Local.Properties = amqp.Map{{Key: propEntityType, Value: kind}}
	l.OnTransfer = s.transfer
	l.OnOversize = s.oversize
	if err := s.conn.admit(l, s.addr, Send); err != nil {
		return err
	}
	s.opened.Store(true)
	s.conn.event(LinkOpened{Namespace: s.conn.svc.account(), Remote: s.conn.remote, Link: l.Name(), Address: s.addr})
	return nil
}

func (s *sender) detached(err error) {
	s.conn.release(s.link)
	if !s.opened.Load() {
		return
	}
	s.conn.event(LinkClosed{Namespace: s.conn.svc.account(), Remote: s.conn.remote, Link: s.link.Name(), Address: s.addr, Err: err, Events: s.events.Load()})
}

// transfer takes one message in, or hands it to the interceptor first.
func (s *sender) transfer(d *amqp.Delivery) {
	intercept := s.conn.svc.cfg.Intercept
	if intercept == nil {
		s.append(d, false)
		return
	}
	v := intercept(Transfer{
		N: s.conn.svc.transfer.Add(1), Address: s.addr, Link: s.link.Name(), Format: d.Format, Bytes: len(d.Payload),
	})
	switch v.Do {
	case Lose:
	case Refuse:
		reason := v.Reason
		if reason == nil {
			reason = refuse(503, condServerBusy, "The transfer was refused by the interceptor.").wire()
		}
		d.Reject(reason)
	case Delay:
		s.conn.spawn(func() {
			select {
			case <-time.After(v.Delay):
				s.append(d, false)
			case <-s.conn.ctx.Done():
			}
		})
	default:
		s.append(d, v.Do == LoseAck)
	}
}

// append splits the message into events and queues them on a partition.
func (s *sender) append(d *amqp.Delivery, loseAck bool) {
	in := s.conn.svc.ingests.Get().(*ingest)
	in.sender, in.delivery, in.loseAck = s, d, loseAck
	if err := in.split(); err != nil {
		in.finish(err)
		return
	}
	in.partition = s.partition(in.key)
	s.enqueue(in)
}

// partition chooses where the message goes: the link's partition, the key's,
// or the next in turn.
func (s *sender) partition(key string) *broker.Partition {
	switch {
	case s.fixed != nil:
		return s.fixed
	case key != "":
		return s.hub.Route(key)
	}
	return s.hub.RoundRobin()
}

// oversize rejects a message beyond the size limit and keeps the link.
func (s *sender) oversize(d *amqp.Delivery, size uint64) {
	s.refused(-1, errOversize(d.ID, size, s.conn.svc.cfg.MaxMessageBytes))
	d.Reject(errOversize(d.ID, size, s.conn.svc.cfg.MaxMessageBytes).wire())
}

func (s *sender) refused(partition int, r *refusal) {
	s.conn.event(Refused{Namespace: s.conn.svc.account(), Hub: s.addr.Hub, Partition: partition, Condition: string(r.condition), Text: r.text})
}

// ingest is one message on its way into the log. It lives from the transfer to
// the append's callback and is then used again.
type ingest struct {
	sender    *sender
	delivery  *amqp.Delivery
	records   [][]byte
	key       string
	partition *broker.Partition // nil while none is chosen
	loseAck   bool
	done      func(broker.AppendResult) // in.appended, bound once
}

func newIngest() any {
	in := &ingest{}
	in.done = in.appended
	return in
}

// split fills records and key, and applies the rules of the link's address. On a
// partition's link the key only goes with the event: Python's buffered producer
// hashes keys itself.
func (in *ingest) split() (err error) {
	s := in.sender
	in.records, in.key, err = splitMessage(in.records[:0], in.delivery.Format, in.delivery.Payload)
	if err != nil {
		return err
	}
	if s.addr.Kind == NodePublisher {
		if in.key != "" && in.key != s.addr.Publisher {
			return refuse(400, amqp.ErrNotAllowed,
				"The partition key '%s' must equal the publisher's name '%s'.", clip(in.key), clip(s.addr.Publisher))
		}
		in.key = s.addr.Publisher
		for i, record := range in.records {
			if in.records[i], err = withPublisher(record, s.addr.Publisher); err != nil {
				return err
			}
		}
	}
	return nil
}

// appended hears from the broker, on the partition's writer.
func (in *ingest) appended(r broker.AppendResult) { in.finish(r.Err) }

// finish answers the delivery and returns in to the pool.
func (in *ingest) finish(err error) {
	s, d := in.sender, in.delivery
	switch {
	case err != nil:
		r := refusalOf(err)
		partition := -1
		if in.partition != nil {
			partition = in.partition.ID()
		}
		s.refused(partition, r)
		d.Reject(r.wire())
		s.conn.endIfDeleted(s.link, s.addr, s.hub)
	case in.loseAck:
		s.events.Add(uint64(len(in.records)))
	default:
		s.events.Add(uint64(len(in.records)))
		d.Accept()
	}
	clear(in.records)
	in.sender, in.delivery, in.partition, in.key = nil, nil, nil, ""
	s.conn.svc.ingests.Put(in)
}
