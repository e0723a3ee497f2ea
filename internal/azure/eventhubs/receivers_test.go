package eventhubs

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

// contender is a reader that records how it was thrown out.
type contender struct {
	*reader
	evicted *refusal
}

func newContender(name string, epoch ...int64) *contender {
	c := &contender{reader: &reader{name: name}}
	if len(epoch) > 0 {
		c.epoch, c.hasEpoch = epoch[0], true
	}
	c.evict = func(r *refusal) { c.evicted = r }
	return c
}

var somePartition = readerKey{hub: "h", group: "$default", partition: 0}

func (s *readers) mustJoin(t *testing.T, cs ...*contender) {
	t.Helper()
	for _, c := range cs {
		if err := s.join(somePartition, c.reader); err != nil {
			t.Fatalf("%s: %v", c.label(), err)
		}
	}
}

func wantRefusal(t *testing.T, err error, condition amqp.Symbol, text string) {
	t.Helper()
	if err == nil {
		t.Fatal("no refusal")
	}
	if r := refusalOf(err); r.condition != condition || r.text != text {
		t.Errorf("got  %s: %s\nwant %s: %s", r.condition, r.text, condition, text)
	}
}

func TestHigherEpochStealsFromAll(t *testing.T) {
	var s readers
	a, b := newContender("a"), newContender("")
	s.mustJoin(t, a, b)
	thief := newContender("thief", 3)
	s.mustJoin(t, thief)
	wantRefusal(t, a.evicted, amqp.ErrStolen, "New receiver 'thief' with higher epoch of '3' is created hence current receiver 'a' with epoch 'nil' is getting disconnected. If you are recreating the receiver, make sure a higher epoch is used.")
	if b.evicted == nil || !strings.Contains(b.evicted.text, "current receiver 'nil'") {
		t.Errorf("unnamed reader: %v", b.evicted)
	}
	s.leave(a.reader) // its detach arrives late and must not harm the thief
	if len(s.byKey[somePartition]) != 1 {
		t.Errorf("%d readers left", len(s.byKey[somePartition]))
	}
}

func TestEqualEpochSteals(t *testing.T) {
	var s readers
	old, restarted := newContender("x", 2), newContender("x", 2)
	s.mustJoin(t, old, restarted)
	if old.evicted == nil || restarted.evicted != nil {
		t.Errorf("old %v, restarted %v", old.evicted, restarted.evicted)
	}
}

func TestLowerEpochAndNoneAreRefused(t *testing.T) {
	var s readers
	owner := newContender("owner", 2)
	s.mustJoin(t, owner)
	wantRefusal(t, s.join(somePartition, newContender("late", 1).reader), amqp.ErrStolen,
		"Receiver 'owner' with a higher epoch '2' already exists. Receiver 'late' with epoch 1 cannot be created. Make sure you are creating receiver with increasing epoch value to ensure connectivity, or ensure all old epoch receivers are closed or disconnected.")
	wantRefusal(t, s.join(somePartition, newContender("").reader), amqp.ErrStolen,
		"At least one receiver for the endpoint is created with epoch of '2', and so non-epoch receiver is not allowed. Either reconnect with a higher epoch, or make sure all epoch receivers are closed or disconnected.")
	if owner.evicted != nil {
		t.Errorf("the owner was disturbed: %v", owner.evicted)
	}
	s.leave(owner.reader)
	s.mustJoin(t, newContender("late", 1))
}

func TestFiveReaders(t *testing.T) {
	var s readers
	first := newContender("r0")
	s.mustJoin(t, first, newContender("r1"), newContender(""), newContender("r3"), newContender("r4"))
	sixth := newContender("r5")
	wantRefusal(t, s.join(somePartition, sixth.reader), amqp.ErrResourceLimit,
		"Exceeded the maximum number of allowed receivers per partition in a consumer group which is 5. List of connected receivers - r0, r1, nil, r3, r4.")
	other := somePartition
	other.group = "second"
	if err := s.join(other, newContender("elsewhere").reader); err != nil {
		t.Errorf("another group: %v", err)
	}
	s.leave(first.reader)
	s.mustJoin(t, sixth)
}

func TestDetachedBeforeJoining(t *testing.T) {
	var s readers
	gone := newContender("gone", 9)
	s.leave(gone.reader)
	if err := s.join(somePartition, gone.reader); err == nil {
		t.Error("a link that has ended may own a partition")
	}
	if len(s.byKey) != 0 {
		t.Errorf("left behind: %v", s.byKey)
	}
}
