package portal

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// How many streams are open at a time. A browser needs one for all its tabs.
const (
	maxStreams       = 500
	maxClientStreams = 64
	maxTopics        = 256 // of one stream
)

// fresh is how long a newcomer is served with what the others just got.
const fresh = time.Second

// topics distribute messages to the streams that want them. Each message is
// encoded once; a stream that is behind gets the newest one only.
type topics struct {
	mu      sync.Mutex // guards the fields below and every stream's
	streams []*stream  // oldest first
	last    map[string]*published
}

// published is the newest message of a topic.
type published struct {
	rev   uint64
	whole func() []byte // for who has not the message before
	delta []byte        // for who has; nil where a message always says everything
	at    time.Time
}

// client is who opened a stream, as well as a server can tell: its address and
// its program. Several people behind one address may be one client.
type client struct{ host, agent string }

// stream is an open stream of events. Its id is a secret of whoever opened it.
type stream struct {
	id     string
	client client
	wants  map[string]uint64 // topic -> rev that was sent; 0 for none
	wake   chan struct{}     // holds one token while something may be pending
	over   chan struct{}     // closed when it must give way to another
}

// open registers a stream; close it after use. Where there are too many, the
// oldest of whoever has most gives way, so that one client's streams shut out
// nobody, not even itself.
func (t *topics) open(c client) *stream {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := 0
	for _, s := range t.streams {
		if s.client == c {
			mine++
		}
	}
	if mine >= maxClientStreams {
		t.end(c)
	} else if len(t.streams) >= maxStreams {
		t.end(t.greediest())
	}
	s := &stream{
		id: rand.Text(), client: c, wants: map[string]uint64{},
		wake: make(chan struct{}, 1), over: make(chan struct{}),
	}
	t.streams = append(t.streams, s)
	return s
}

// count is how many streams are open.
func (t *topics) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.streams)
}

// end ends the oldest stream of a client.
func (t *topics) end(c client) {
	for i, s := range t.streams {
		if s.client == c {
			close(s.over)
			t.streams = slices.Delete(t.streams, i, i+1)
			return
		}
	}
}

// greediest is the client with the most streams; of several the one with the
// oldest stream.
func (t *topics) greediest() (most client) {
	n := map[client]int{}
	for _, s := range t.streams {
		n[s.client]++
	}
	for _, s := range t.streams {
		if n[s.client] > n[most] {
			most = s.client
		}
	}
	return most
}

func (t *topics) close(s *stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.streams = slices.DeleteFunc(t.streams, func(o *stream) bool { return o == s })
}

// find returns the open stream of an id, or fault.NotFound.
func (t *topics) find(id string) (*stream, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.streams {
		if s.id == id {
			return s, nil
		}
	}
	return nil, fault.New(fault.NotFound, "stream", "it is not open any more; open another")
}

// change adds topics to a stream and takes others away. A topic that is added
// begins with what others got within the last second; missing are those that
// have no such message.
func (t *topics) change(s *stream, add, drop []string, now time.Time) (missing []string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range drop {
		delete(s.wants, name)
	}
	for _, name := range add {
		if _, has := s.wants[name]; has {
			continue
		}
		if len(s.wants) >= maxTopics {
			return missing, fault.New(fault.TooLarge, "stream", "it carries %d topics already", maxTopics)
		}
		s.wants[name] = 0
		if last := t.last[name]; last == nil || now.Sub(last.at) > fresh {
			missing = append(missing, name)
		}
	}
	s.rouse()
	return missing, nil
}

func (s *stream) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// wanted returns the topics that somebody watches, and forgets the messages of
// those that nobody does.
func (t *topics) wanted(now time.Time) map[string]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	names := map[string]bool{}
	for _, s := range t.streams {
		for name := range s.wants {
			names[name] = true
		}
	}
	for name, last := range t.last {
		if !names[name] && now.Sub(last.at) > fresh {
			delete(t.last, name)
		}
	}
	return names
}

// recent reports whether the topic had a message within the last second.
func (t *topics) recent(topic string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := t.last[topic]
	return last != nil && now.Sub(last.at) <= fresh
}

// publish hands a message to every stream of the topic.
func (t *topics) publish(topic string, whole func() []byte, delta []byte, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(topic, whole, delta, now)
}

// publishValue hands out a message that says everything, unless it is what the
// message before said.
func (t *topics) publishValue(topic string, body []byte, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last := t.last[topic]; last != nil && last.delta == nil && bytes.Equal(last.whole(), body) {
		last.at = now
		t.greet(topic)
		return
	}
	t.put(topic, func() []byte { return body }, nil, now)
}

func (t *topics) put(topic string, whole func() []byte, delta []byte, now time.Time) {
	if t.last == nil {
		t.last = map[string]*published{}
	}
	rev := uint64(1)
	if last := t.last[topic]; last != nil {
		rev = last.rev + 1
	}
	t.last[topic] = &published{rev, whole, delta, now}
	for _, s := range t.streams {
		if _, ok := s.wants[topic]; ok {
			s.rouse()
		}
	}
}

// same notes that the newest message of a topic still says how things are.
// Whoever came meanwhile gets it.
func (t *topics) same(topic string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last := t.last[topic]; last != nil {
		last.at = now
	}
	t.greet(topic)
}

// greet wakes the streams that have nothing of a topic yet.
func (t *topics) greet(topic string) {
	for _, s := range t.streams {
		if sent, ok := s.wants[topic]; ok && sent == 0 {
			s.rouse()
		}
	}
}

// take returns what a stream has not got yet, in the order of the topics'
// names.
func (t *topics) take(s *stream, now time.Time) (messages []message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, sent := range s.wants {
		last := t.last[name]
		if last == nil || last.rev == sent || sent == 0 && now.Sub(last.at) > fresh {
			continue
		}
		body := last.delta
		if body == nil || sent == 0 || sent != last.rev-1 {
			body = last.whole()
		}
		messages = append(messages, message{name, body})
		s.wants[name] = last.rev
	}
	slices.SortFunc(messages, func(a, b message) int { return strings.Compare(a.topic, b.topic) })
	return messages
}

// message is one server-sent event: the topic's name and a JSON value.
type message struct {
	topic string
	body  []byte
}
