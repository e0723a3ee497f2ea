package eventhubs

import (
	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
)

// A partition whose writer is behind takes no more. The connection's reader must
// not wait for it, because $cbs renewals and all other links wait behind the
// reader. So the message is parked, the link's credit is taken back until
// nothing is parked any more, and a goroutine brings the parked messages in as
// room comes. What the client had sent before it heard of that is parked behind;
// order within a link is kept.

// enqueue brings a message into its partition's queue, or parks it.
func (s *sender) enqueue(in *ingest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.parked) > 0 {
		s.parked = append(s.parked, in)
		return
	}
	if in.tryAppend() {
		return
	}
	s.parked = append(s.parked, in)
	s.link.Pause()
	s.conn.spawn(s.unpark)
}

// tryAppend reports whether the partition has taken the message, or refused it
// for good.
func (in *ingest) tryAppend() bool {
	return in.partition.TryAppend(broker.Append{Records: in.records, Key: in.key}, in.done)
}

// unpark runs while something is parked. It goes on when the link has ended:
// what a client sends settled before it leaves is to be stored. When the service
// stops, the rest is refused.
func (s *sender) unpark() {
	for {
		room := s.bringIn()
		if room == nil {
			return
		}
		select {
		case <-room:
		case <-s.conn.stopping:
			s.refuseParked()
			return
		}
	}
}

// bringIn appends parked messages until one has no room, and returns the channel
// to wait on; nil when nothing is parked any more.
func (s *sender) bringIn() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.parked) > 0 {
		in := s.parked[0]
		room := in.partition.Room()
		if !in.tryAppend() {
			return room
		}
		s.parked[0] = nil
		s.parked = s.parked[1:]
	}
	s.parked = nil
	s.link.Resume()
	return nil
}

func (s *sender) refuseParked() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, in := range s.parked {
		in.finish(refuse(503, amqp.ErrConnectionForced, "The service stops; the message was not stored."))
	}
	s.parked = nil
}
