package eventhubs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestChurn lets clients come and go without manners (connections are dropped,
// sessions ended, partitions stolen) while others send, and then demands that
// every acknowledged event is stored once and that nothing is left behind.
func TestChurn(t *testing.T) {
	w := newWorld(t, nil)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var acked sync.Map
	var clients sync.WaitGroup
	for n := range 8 {
		clients.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(n)))
			for round := range 12 {
				w.visit(random, fmt.Sprintf("%d.%d", n, round), &acked)
			}
		})
	}
	clients.Wait()
	testkit.Eventually(t, within10, func() bool {
		w.service.readers.mu.Lock()
		defer w.service.readers.mu.Unlock()
		return len(w.service.readers.byKey) == 0
	}, "every reader leaves the registry")
	stored := map[string]int{}
	for p := range 4 {
		for _, body := range w.stored(p, int(w.newest(p)+1)) {
			stored[body]++
		}
	}
	acked.Range(func(body, _ any) bool {
		if stored[body.(string)] != 1 {
			t.Errorf("acknowledged %v is stored %d times", body, stored[body.(string)])
		}
		return true
	})
	if len(stored) == 0 {
		t.Error("nothing was sent")
	}
}

// visit is one client's short life. It runs beside others, so it reports
// nothing but what was acknowledged.
func (w *world) visit(random *rand.Rand, tag string, acked *sync.Map) {
	ctx, cancel := context.WithTimeout(context.Background(), within10)
	defer cancel()
	c, err := amqp.Dial(ctx, w.addr, amqp.DialConfig{Username: "RootManageSharedAccessKey", Password: "SAS_KEY_VALUE"})
	if err != nil {
		return
	}
	defer c.Close(nil)
	s, err := c.Begin(ctx)
	if err != nil {
		return
	}
	partition := random.IntN(4)
	receiver, err := s.AttachReceiver(ctx, "r", fmt.Sprintf("hub/ConsumerGroups/$Default/Partitions/%d", partition), func(l *amqp.Link) {
		l.Credit = uint32(1 + random.IntN(50))
		l.OnTransfer = func(d *amqp.Delivery) { d.Accept() }
		if random.IntN(2) == 0 {
			l.Local.Properties = amqp.Map{{Key: amqp.Symbol(propEpoch), Value: int64(random.IntN(5))}}
		}
	})
	if err == nil && random.IntN(4) == 0 {
		receiver.Detach(nil)
	}
	sender, err := s.AttachSender(ctx, "s", fmt.Sprintf("hub/Partitions/%d", partition), nil)
	if err != nil {
		return
	}
	var answers sync.WaitGroup
	for i := range 1 + random.IntN(30) {
		body := fmt.Sprint(tag, ".", i)
		answers.Add(1)
		answered := sync.OnceFunc(answers.Done)
		context.AfterFunc(ctx, answered)
		go func() { <-sender.Done(); answered() }()
		err := sender.Send(ctx, amqp.Outgoing{Body: event(body), OnSettled: func(o amqp.Outcome) {
			if o.Kind == amqp.OutcomeAccepted {
				acked.Store(body, true)
			}
			answered()
		}})
		if err != nil {
			answered()
		}
	}
	switch random.IntN(3) {
	case 0:
		c.Shutdown(nil) // with transfers in the air
	case 1:
		s.End(nil)
	}
	answers.Wait()
}
