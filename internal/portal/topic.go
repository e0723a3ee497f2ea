package portal

import (
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// maxPages bounds the streams that are open at a time.
const maxPages = 500

// topics distribute messages to the pages that want them. Each message is
// encoded once; a page that is behind gets the newest one only.
type topics struct {
	mu    sync.Mutex // guards the fields below and every page's pending
	pages map[*page]struct{}
}

// page is one open stream.
type page struct {
	topics  []string
	wake    chan struct{}     // holds one token while something is pending
	pending map[string][]byte // topic -> newest message
}

// open registers a page; close it after use.
func (t *topics) open(names []string) (*page, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pages) >= maxPages {
		return nil, fault.New(fault.Unavailable, "", "%d pages are open already", maxPages)
	}
	p := &page{topics: names, wake: make(chan struct{}, 1), pending: map[string][]byte{}}
	if t.pages == nil {
		t.pages = map[*page]struct{}{}
	}
	t.pages[p] = struct{}{}
	return p, nil
}

func (t *topics) close(p *page) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.pages, p)
}

// wanted returns how many pages listen to each topic.
func (t *topics) wanted() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := map[string]int{}
	for p := range t.pages {
		for _, topic := range p.topics {
			n[topic]++
		}
	}
	return n
}

// publish hands a message to every page of the topic.
func (t *topics) publish(topic string, message []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p := range t.pages {
		for _, name := range p.topics {
			if name != topic {
				continue
			}
			p.pending[topic] = message
			select {
			case p.wake <- struct{}{}:
			default:
			}
		}
	}
}

// take returns what is pending for a page, in the order of its topics.
func (t *topics) take(p *page) (messages []message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range p.topics {
		if body, ok := p.pending[name]; ok {
			messages = append(messages, message{name, body})
			delete(p.pending, name)
		}
	}
	return messages
}

// message is one server-sent event: the topic's name and a JSON value.
type message struct {
	topic string
	body  []byte
}
