package eventhubs

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

// fill sends events "0", "1", … to partition 0.
func (w *world) fill(s *amqp.Session, n int) {
	w.t.Helper()
	events := make([][]byte, n)
	for i := range events {
		events[i] = event(fmt.Sprint(i))
	}
	if err := w.sendRaw(s, "hub/Partitions/0", amqp.BatchFormat, batchOf("", events...)); err != nil {
		w.t.Fatal(err)
	}
}

func TestDeliveredSections(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	sent := amqp.Message{
		Header:              &amqp.Header{Durable: true, Priority: 4},
		DeliveryAnnotations: amqp.Map{{Key: amqp.Symbol("hop"), Value: "kept"}},
		Annotations: amqp.Map{
			{Key: amqp.Symbol("mine"), Value: int32(7)},
			{Key: amqp.Symbol(annSequence), Value: int64(999)}, // not a publisher's to set
			{Key: amqp.Symbol(annOffset), Value: "999"},
			{Key: amqp.Symbol(annEnqueued), Value: time.UnixMilli(1)},
			{Key: amqp.Symbol(annKey), Value: "TestKey"},
			{Key: amqp.Symbol("x-opt-kept"), Value: true},
		},
		Properties:            &amqp.Properties{MessageID: "id", Subject: "s"},
		ApplicationProperties: amqp.Map{{Key: "a", Value: int64(1)}},
		Data:                  [][]byte{[]byte("body")},
		Footer:                amqp.Map{{Key: amqp.Symbol("f"), Value: "end"}},
	}
	raw, err := sent.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.sendRaw(s, "hub", 0, raw); err != nil {
		t.Fatal(err)
	}
	in, err := w.receive(s, "hub/ConsumerGroups/$Default/Partitions/1", 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := in.next()
	enqueued, ok := got.Annotations.Get(annEnqueued)
	if at, isTime := enqueued.(time.Time); !ok || !isTime || time.Since(at) > time.Minute || time.Since(at) < -time.Second {
		t.Errorf("%s is %v", annEnqueued, enqueued)
	}
	want := sent
	want.Annotations = amqp.Map{
		{Key: amqp.Symbol(annSequence), Value: int64(0)},
		{Key: amqp.Symbol(annOffset), Value: got.Annotations.String(annOffset)},
		{Key: amqp.Symbol(annEnqueued), Value: enqueued},
		{Key: amqp.Symbol(annKey), Value: "TestKey"},
		{Key: amqp.Symbol("mine"), Value: int32(7)},
		{Key: amqp.Symbol("x-opt-kept"), Value: true},
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("delivered message (-want +got):\n%s", diff)
	}
	offset, _ := got.Annotations.Get(annOffset)
	if _, isString := offset.(string); !isString {
		t.Errorf("%s is a %T; clients demand a string", annOffset, offset)
	}
}

func TestRuntimeMetric(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	w.fill(s, 3)
	in, err := w.receive(s, partition0, 1, func(l *amqp.Link) {
		l.Local.DesiredCapabilities = []amqp.Symbol{capRuntimeMetric, "com.microsoft:georeplication"}
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]amqp.Symbol{capRuntimeMetric}, in.link.Remote.OfferedCapabilities); diff != "" {
		t.Errorf("offered capabilities (-want +got):\n%s", diff)
	}
	m := in.next().DeliveryAnnotations
	if n, _ := m.Get("last_enqueued_sequence_number"); n != int64(2) {
		t.Errorf("last_enqueued_sequence_number %v (%T)", n, n)
	}
	if _, ok := m.Get("last_enqueued_offset"); !ok || m.String("last_enqueued_offset") == "" {
		t.Errorf("metric %v", m)
	}
	for _, key := range []string{"last_enqueued_time_utc", "runtime_info_retrieval_time_utc"} {
		if v, _ := m.Get(key); !isRecent(v) {
			t.Errorf("%s is %v", key, v)
		}
	}
}

// The metric stands beside the publisher's delivery annotations, and a publisher
// cannot forge it.
func TestRuntimeMetricBesideForeignAnnotations(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	sent := amqp.Message{
		DeliveryAnnotations: amqp.Map{
			{Key: amqp.Symbol("k"), Value: "v"}, {Key: amqp.Symbol("last_enqueued_sequence_number"), Value: int64(999)},
		},
		Data: [][]byte{[]byte("x")},
	}
	raw, err := sent.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.sendRaw(s, "hub/Partitions/0", 0, raw); err != nil {
		t.Fatal(err)
	}
	in, err := w.receive(s, partition0, 1, func(l *amqp.Link) { l.Local.DesiredCapabilities = []amqp.Symbol{capRuntimeMetric} })
	if err != nil {
		t.Fatal(err)
	}
	m := in.next().DeliveryAnnotations
	if n, _ := m.Get("last_enqueued_sequence_number"); len(m) != 5 || n != int64(0) || m.String("k") != "v" {
		t.Errorf("delivery annotations %v", m)
	}
}

// What a receiver asks for as snd-settle-mode, and what it gets. The mode mixed
// must give settled transfers: the official Go client asks for it, never settles
// anything, and only has credit again for what came settled.
func TestSettlementByMode(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	w.fill(s, 1)
	for mode, settled := range map[amqp.SenderSettleMode]bool{
		amqp.SenderUnsettled: false, amqp.SenderSettled: true, amqp.SenderMixed: true,
	} {
		got := make(chan bool, 1)
		l, err := s.AttachReceiver(within(t), fmt.Sprint(mode), partition0, func(l *amqp.Link) {
			l.Credit, l.Local.SndSettleMode = 1, mode
			l.OnTransfer = func(d *amqp.Delivery) { got <- d.Settled; d.Accept() }
		})
		if err != nil {
			t.Fatal(err)
		}
		if is := <-got; is != settled {
			t.Errorf("mode %v: settled %v", mode, is)
		}
		l.Detach(nil)
	}
}

// Clients and people know these words; they come from the service.
func TestPositionBeyondTheEnd(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	w.fill(s, 3)
	info := w.info(0)
	for filter, text := range map[string]string{
		"amqp.annotation.x-opt-offset > '999999999'":          "The supplied offset '999999999' is invalid. The last offset in the system is '" + info.LastOffset + "'",
		"amqp.annotation.x-opt-sequence-number > '999999999'": "The supplied sequence number '999999999' is invalid. The last sequence number in the system is '2'",
	} {
		_, err := w.receive(s, partition0, 1, selector(filter))
		wantError(t, err, condArgumentError, text)
	}
	_, err := w.receive(s, "hub/ConsumerGroups/$Default/Partitions/1", 1, selector("amqp.annotation.x-opt-offset >= '7'"))
	wantError(t, err, condArgumentError, "The supplied offset '7' is invalid. The last offset in the system is '-1'")
}

func isRecent(v amqp.Value) bool {
	at, ok := v.(time.Time)
	return ok && time.Since(at).Abs() < time.Minute
}

// Go and JavaScript describe the filter by number, Python by symbol.
func TestFilterDescriptors(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	w.fill(s, 5)
	const text = "amqp.annotation.x-opt-sequence-number > '2'"
	number := amqp.Described{Descriptor: filterSelectorCode, Value: text}
	named := amqp.Described{Descriptor: amqp.Symbol(filterSelector), Value: text}
	for name, filter := range map[string]amqp.Entry{
		"number": {Key: amqp.Symbol(filterSelector), Value: number},
		"symbol": {Key: amqp.Symbol(filterSelector), Value: named},
		"bare":   {Key: amqp.Symbol(filterSelector), Value: text},
		"proton": {Key: amqp.Symbol("selector"), Value: named},
		"rhea":   {Key: amqp.Symbol("jms-selector"), Value: number},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := w.receive(w.root(), partition0, 10, func(l *amqp.Link) {
				l.Local.Source.Filter = amqp.Map{filter}
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := in.bodies(2); strings.Join(got, "") != "34" {
				t.Errorf("got %v", got)
			}
			if echo := in.link.Remote.Source.Filter; len(echo) != 1 {
				t.Errorf("the filter is not echoed: %v", echo)
			}
		})
	}
}

func TestReceiverRefusals(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	filter := func(key amqp.Symbol, value amqp.Value) func(*amqp.Link) {
		return func(l *amqp.Link) { l.Local.Source.Filter = amqp.Map{{Key: key, Value: value}} }
	}
	property := func(key string, value amqp.Value) func(*amqp.Link) {
		return func(l *amqp.Link) { l.Local.Properties = amqp.Map{{Key: amqp.Symbol(key), Value: value}} }
	}
	for name, c := range map[string]struct {
		address   string
		setup     func(*amqp.Link)
		condition amqp.Symbol
		text      string
	}{
		"unknown hub":       {"nowhere/ConsumerGroups/$Default/Partitions/0", nil, amqp.ErrNotFound, "The messaging entity 'sb://localhost/nowhere' could not be found."},
		"unknown group":     {"hub/ConsumerGroups/Strangers/Partitions/0", nil, amqp.ErrNotFound, "The messaging entity 'localhost:eventhub:hub~3|strangers' could not be found."},
		"unknown partition": {"hub/ConsumerGroups/$Default/Partitions/4", nil, condArgumentOutOfRange, "The specified partition is invalid"},
		"odd partition":     {"hub/ConsumerGroups/$Default/Partitions/x", nil, condArgumentOutOfRange, "The specified partition is invalid"},
		"from the hub":      {"hub", nil, amqp.ErrNotAllowed, "not from 'hub'"},
		"odd address":       {"hub/x/y/z", nil, condArgumentError, "is not one of"},
		"unknown filter":    {partition0, filter("amqp:jms-selector", "x"), amqp.ErrNotImplemented, "The filter 'amqp:jms-selector' is not supported"},
		"odd filter":        {partition0, filter(amqp.Symbol(filterSelector), int32(1)), amqp.ErrInvalidField, "must be a string"},
		"odd descriptor":    {partition0, filter(amqp.Symbol(filterSelector), amqp.Described{Descriptor: uint64(1), Value: "x"}), amqp.ErrInvalidField, "described by that name"},
		"bad selector":      {partition0, selector("sys.offset > '1'"), condArgumentError, "(position 1)"},
		"beyond the end":    {partition0, selector("amqp.annotation.x-opt-sequence-number > '77'"), condArgumentError, ""},
		"textual epoch":     {partition0, property(propEpoch, "high"), amqp.ErrInvalidField, "must be a number"},
		"negative epoch":    {partition0, property(propEpoch, int64(-1)), amqp.ErrInvalidField, "must be a number"},
		"dynamic":           {"", func(l *amqp.Link) { l.Local.Source.Dynamic = true }, amqp.ErrNotImplemented, "Dynamic nodes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.receive(s, c.address, 1, c.setup)
			wantError(t, err, c.condition, c.text)
		})
	}
	if len(w.service.readers.byKey) != 0 {
		t.Errorf("refused receivers stay registered: %v", w.service.readers.byKey)
	}
	wantError(t, w.sendRaw(s, partition0, 0, event("x")), amqp.ErrNotAllowed, "Events cannot be sent")
}

func TestGroupsInAnyCase(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	w.fill(s, 1)
	for _, address := range []string{"HUB/consumergroups/$default/partitions/0", "/hub/ConsumerGroups/SECOND/Partitions/0"} {
		in, err := w.receive(s, address, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		in.bodies(1)
		if kind, _ := in.link.Remote.Properties.Int(string(propEntityType)); int32(kind) != entityGroup {
			t.Errorf("entity type %d", kind)
		}
	}
}

func TestSixthReader(t *testing.T) {
	w := newWorld(t, nil)
	w.fill(w.root(), 1)
	var ins []*inbox
	for range maxReaders {
		in, err := w.receive(w.root(), partition0, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		in.bodies(1)
		ins = append(ins, in)
	}
	_, err := w.receive(w.root(), partition0, 1, nil)
	wantError(t, err, amqp.ErrResourceLimit, "which is 5. List of connected receivers - nil, nil, nil, nil, nil.")
	// A session that ends without detaching its links frees the place at once.
	ins[0].link.Session().End(nil)
	<-ins[0].ended
	if _, err := w.receive(w.root(), partition0, 1, nil); err != nil {
		t.Errorf("after one left: %v", err)
	}
}

func TestStolenLinkIsDetached(t *testing.T) {
	w := newWorld(t, nil)
	w.fill(w.root(), 1)
	named := func(name string, epoch int64) func(*amqp.Link) {
		return func(l *amqp.Link) {
			l.Local.Properties = amqp.Map{{Key: amqp.Symbol(propReceiverName), Value: name}, {Key: amqp.Symbol(propEpoch), Value: epoch}}
		}
	}
	session := w.root()
	old, err := w.receive(session, partition0, 1, named("old", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.receive(w.root(), partition0, 1, named("new", 2)); err != nil {
		t.Fatal(err)
	}
	wantError(t, <-old.ended, amqp.ErrStolen, "New receiver 'new' with higher epoch of '2' is created hence current receiver 'old' with epoch '1'")
	if err := w.sendRaw(session, "hub/Partitions/0", 0, event("x")); err != nil {
		t.Errorf("the connection did not survive the theft: %v", err)
	}
	_, err = w.receive(w.root(), partition0, 1, named("late", 1))
	wantError(t, err, amqp.ErrStolen, "Receiver 'new' with a higher epoch '2' already exists. Receiver 'late' with epoch 1 cannot be created.")
}

func TestCreditIsTheLimit(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	w.fill(s, 100)
	in, err := w.receive(s, partition0, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []uint32{1, 7, 30} {
		in.link.IssueCredit(n)
		in.bodies(int(n))
	}
	// A round trip later nothing more has come.
	w.fill(s, 1)
	if extra := len(in.heard); extra != 0 {
		t.Errorf("%d events beyond the credit", extra)
	}
}

func TestDetachErrorsReachEvents(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	w.fill(s, 3)
	in, err := w.receive(s, partition0, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	in.bodies(3)
	in.link.Detach(nil)
	if err := <-in.ended; err != nil && !errors.Is(err, amqp.ErrClosed) {
		t.Errorf("detach: %v", err)
	}
	w.eventually("the receiver's end is reported", func(e Event) bool {
		c, ok := e.(LinkClosed)
		return ok && c.Address.Kind == NodeGroup && c.Events == 3 && c.Err == nil
	})
	if n := w.events.count(func(e Event) bool {
		d, ok := e.(Delivered)
		return ok && d.Namespace == 1 && d.Group == "$default" && d.Last == 2
	}); n != 1 {
		t.Errorf("%d deliveries of event 2 reported", n)
	}
}
