package portal

import (
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// maxPages bounds the streams that are open at a time.
const maxPages = 500

// topics distribute messages to the pages that want them. Each message is
// encoded once; a page that is behind gets the newest one only.
type topics struct {
	mu    sync.Mutex // guards the fields below and every page's pending
	pages map[*page]struct{}
	last  map[string]published // newest message of each topic that is watched
}

// published is a message and when it was handed out.
type published struct {
	body []byte
	at   time.Time
}

// fresh is how long a newcomer is served with what the others just got.
const fresh = time.Second

// page is one open stream.
type page struct {
	topics  []string
	wake    chan struct{}     // holds one token while something is pending
	pending map[string][]byte // topic -> newest message
}

// open registers a page; close it after use. It begins with what others got
// within the last second; missing are the topics that have no such message.
func (t *topics) open(names []string, now time.Time) (p *page, missing []string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pages) >= maxPages {
		return nil, nil, fault.New(fault.Unavailable, "", "%d pages are open already", maxPages)
	}
	p = &page{topics: names, wake: make(chan struct{}, 1), pending: map[string][]byte{}}
	if t.pages == nil {
		t.pages = map[*page]struct{}{}
	}
	t.pages[p] = struct{}{}
	for _, name := range names {
		last, ok := t.last[name]
		if !ok || now.Sub(last.at) > fresh {
			missing = append(missing, name)
			continue
		}
		p.pending[name] = last.body
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
	return p, missing, nil
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

// recent reports whether the topic had a message within the last second.
func (t *topics) recent(topic string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, ok := t.last[topic]
	return ok && now.Sub(last.at) <= fresh
}

// publish hands a message to every page of the topic.
func (t *topics) publish(topic string, message []byte, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = map[string]published{}
	}
	t.last[topic] = published{message, now}
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
