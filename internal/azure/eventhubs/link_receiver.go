package eventhubs

import (
	"errors"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// The receiver's link properties and capability.
const (
	propEpoch        = "com.microsoft:epoch"
	propReceiverName = "com.microsoft:receiver-name"

	capRuntimeMetric amqp.Symbol = "com.microsoft:enable-receiver-runtime-metric"
)

// One flush carries at most so many events and about so many bytes.
const (
	flushEvents = 512
	flushBytes  = 512 << 10
)

// receiver is a link on which a client receives: a broker reader whose records
// go out with our annotations in front, as far as credit allows. Its goroutine
// lives as long as the link.
type receiver struct {
	conn   *conn
	link   *amqp.Link
	addr   Address
	entry  *reader
	from   broker.Position
	metric bool // the client asked for the runtime metric

	partition *broker.Partition
	key       readerKey
	reader    *broker.Reader
	sent      uint64

	records  []broker.Record
	outgoing []amqp.Outgoing
	prefixes []byte
	cuts     []int // where each prefix ends
	metrics  []byte
	annotate annotator
}

// attachReceiver opens a receive link. Claims, names and epochs are settled at
// once; finding the start position may read from disk and happens on the
// link's own goroutine, as does creating what is missing.
func (c *conn) attachReceiver(l *amqp.Link, a Address) error {
	r := &receiver{conn: c, link: l, addr: a}
	if err := r.parse(); err != nil {
		return err
	}
	if err := c.admit(l, a, Listen); err != nil {
		return err
	}
	hub, err := c.svc.hub(a.Hub, c.uri(a.Hub))
	if err == nil && hub != nil {
		err = r.join(hub)
	}
	if err != nil {
		c.release(l)
		return err
	}
	l.OnDetach = r.detached
	c.spawn(func() { r.run(hub == nil) })
	return amqp.ErrLater
}

// parse reads filter, properties and capabilities of the client's attach.
func (r *receiver) parse() error {
	remote := &r.link.Remote
	r.from = broker.FromStart()
	if remote.Source != nil {
		from, err := startPosition(remote.Source.Filter)
		if err != nil {
			return err
		}
		r.from = from
	}
	r.entry = &reader{
		name:  remote.Properties.String(propReceiverName),
		evict: func(why *refusal) { r.link.Detach(why.wire()) },
	}
	if v, ok := remote.Properties.Get(propEpoch); ok && v != nil {
		epoch, ok := amqp.AsInt(v)
		if !ok || epoch < 0 {
			return refuse(400, amqp.ErrInvalidField, "The link property %s must be a number from 0 on.", propEpoch)
		}
		r.entry.epoch, r.entry.hasEpoch = epoch, true
	}
	answer := &r.link.Local
	answer.Properties = amqp.Map{{Key: propEntityType, Value: entityGroup}}
	for _, wanted := range remote.DesiredCapabilities {
		if wanted == capRuntimeMetric {
			r.metric = true
			answer.OfferedCapabilities = append(answer.OfferedCapabilities, capRuntimeMetric)
		}
	}
	return nil
}

// join finds group and partition and competes for the partition.
func (r *receiver) join(hub *broker.Hub) error {
	if !hub.HasGroup(r.addr.Group) {
		if r.conn.svc.cfg.Need != nil {
			return nil // run makes it and joins
		}
		return errNoGroup(r.conn.svc.cfg.Namespace, strings.ToLower(hub.Name()), strings.ToLower(r.addr.Group))
	}
	id, err := parsePartitionID(r.addr.Partition, hub.PartitionCount())
	if err != nil {
		return err
	}
	p, err := hub.Partition(id)
	if err != nil {
		return err
	}
	r.key = readerKey{hub: strings.ToLower(hub.Name()), group: strings.ToLower(r.addr.Group), partition: id}
	if err := r.conn.svc.readers.join(r.key, r.entry); err != nil {
		return err
	}
	r.partition = p
	return nil
}

// detached runs on the connection's reader when the link is over.
func (r *receiver) detached(error) {
	r.conn.svc.readers.leave(r.entry)
	r.conn.release(r.link)
}

// run opens the reader, answers the attach and pumps until the link ends.
func (r *receiver) run(create bool) {
	if err := r.open(create); err != nil {
		r.conn.svc.readers.leave(r.entry)
		r.conn.release(r.link)
		r.link.Refuse(r.conn.refusal(err).wire())
		return
	}
	defer r.reader.Close()
	r.link.Accept()
	opened := LinkOpened{Namespace: r.conn.svc.account(), Remote: r.conn.remote, Link: r.link.Name(), Address: r.addr, Next: r.reader.Sequence()}
	if r.entry.hasEpoch {
		opened.Epoch = &r.entry.epoch
	}
	r.conn.event(opened)
	r.end(r.pump())
	r.conn.event(LinkClosed{Namespace: r.conn.svc.account(), Remote: r.conn.remote, Link: r.link.Name(), Address: r.addr, Err: linkError(r.link), Events: r.sent})
}

// end detaches the link when the pump stopped for a reason of ours. When the
// partition has closed under the reader the client is told to attach again.
func (r *receiver) end(err error) {
	if r.link.Err() != nil || r.conn.ctx.Err() != nil || r.conn.endIfDeleted(r.link, r.addr, r.partition.Hub()) {
		return
	}
	why := r.conn.refusal(err)
	if fault.Is(err, fault.Unavailable) {
		why = refuse(503, amqp.ErrDetachForced, "The partition has closed: %s.", why.text)
	}
	r.link.Detach(why.wire())
}

// linkError returns why a link ended, nil after an orderly detach.
func linkError(l *amqp.Link) error {
	if err := l.Err(); !errors.Is(err, amqp.ErrClosed) {
		return err
	}
	return nil
}

func (r *receiver) open(create bool) error {
	if create || r.partition == nil {
		hub, err := r.conn.svc.makeHub(r.addr.Hub, r.addr.Group)
		if err != nil {
			return err
		}
		if err := r.join(hub); err != nil {
			return err
		}
	}
	reader, err := r.partition.NewReader(r.from)
	r.reader = reader
	return err
}

// pump moves records from the reader to the link until either ends; it always
// returns an error.
func (r *receiver) pump() error {
	ctx := r.conn.ctx
	for {
		credit, err := r.link.WaitCredit(ctx)
		if err != nil {
			return err
		}
		r.records, err = r.reader.Next(min(int(credit), flushEvents), flushBytes, r.records[:0])
		if err != nil {
			return err
		}
		if len(r.records) > 0 {
			if err := r.flush(); err != nil {
				return err
			}
			continue
		}
		r.link.Drained()
		select {
		case <-r.reader.Notify():
		case <-r.link.FlowChanged():
		case <-r.link.Done():
			return amqp.ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// flush sends the records that were just read.
func (r *receiver) flush() error {
	r.metrics = r.metrics[:0]
	if r.metric {
		r.metrics = appendMetric(r.metrics, r.partition.Info(), time.Now().UTC())
	}
	r.prefixes, r.cuts, r.outgoing = r.prefixes[:0], r.cuts[:0], r.outgoing[:0]
	bytes := 0
	for i := range r.records {
		record := &r.records[i]
		prefixes, rest, err := r.annotate.prefix(r.prefixes, record, r.metrics)
		if err != nil {
			return err
		}
		r.prefixes = prefixes
		r.cuts = append(r.cuts, len(prefixes))
		r.outgoing = append(r.outgoing, amqp.Outgoing{Body: rest, Settled: true})
		bytes += len(record.Body)
	}
	from := 0
	for i, cut := range r.cuts { // only now: the buffer may have moved while it grew
		r.outgoing[i].Prefix = r.prefixes[from:cut:cut]
		from = cut
	}
	n, err := r.link.SendBatch(r.conn.ctx, r.outgoing)
	r.sent += uint64(n)
	if n > 0 {
		r.conn.event(Delivered{
			Namespace: r.conn.svc.account(),
			Hub:       r.key.hub, Group: r.key.group, Partition: r.key.partition,
			Count: n, Bytes: bytes, Last: r.records[n-1].Sequence,
		})
	}
	clear(r.records) // the tail's memory must not hang on an idle link
	clear(r.outgoing)
	return err
}
