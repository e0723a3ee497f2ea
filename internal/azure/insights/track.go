package insights

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// statsbeat are keys to which SDKs report about themselves, to their maker alone: taken
// and dropped, so that they are content.
var statsbeat = map[string]bool{
	"c4a29126-a7cb-47e5-b348-11414998b11e": true,
	"7dc56bab-3c0c-4e9f-9ebb-d1acadee8d0f": true,
}

// retryAfter is how soon those come again who were told that there is no room: a store
// empties its queue within that.
const retryAfter = "1"

// maxErrorText is from which length on a reply's errors have no words any more. Each
// keeps its place and status, by which clients go.
const maxErrorText = 1 << 20

// failure is an item that was not taken.
type failure struct {
	index, status int
	message       string
}

// track takes envelopes: an array, or one a line.
func (s *Service) track(w http.ResponseWriter, r *http.Request) {
	body, give, err := s.hold(r)
	if err != nil {
		s.refuseTrack(w, r, err)
		return
	}
	defer give()
	t := tracking{s: s, now: time.Now(), token: bearer(r)}
	t.read(string(trimmed(body.B)))
	t.put()
	t.reply(w)
}

// validate is track that keeps nothing.
func (s *Service) validate(w http.ResponseWriter, r *http.Request) {
	body, give, err := s.hold(r)
	if err != nil {
		s.refuseTrack(w, r, err)
		return
	}
	defer give()
	t := tracking{s: s, now: time.Now(), token: bearer(r), dry: true}
	t.read(string(trimmed(body.B)))
	t.put()
	t.reply(w)
}

// refuseTrack refuses a whole body, in the shape of a reply.
func (s *Service) refuseTrack(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusBadRequest
	switch fault.KindOf(err) {
	case fault.TooLarge:
		status = http.StatusRequestEntityTooLarge
		wire.Drain(r.Body)
	case fault.Throttled:
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", retryAfter)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(trackReply(0, 0, []failure{{0, status, err.Error()}})) // the client may be gone
}

// trimmed is a body without spaces around it and a byte order mark.
func trimmed(b []byte) []byte {
	const space = " \t\r\n"
	for len(b) > 0 && strings.IndexByte(space, b[0]) >= 0 {
		b = b[1:]
	}
	if len(b) >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF {
		return trimmed(b[3:])
	}
	for len(b) > 0 && strings.IndexByte(space, b[len(b)-1]) >= 0 {
		b = b[:len(b)-1]
	}
	return b
}

// tracking is a body on its way.
type tracking struct {
	s     *Service
	now   time.Time
	token string
	dry   bool // nothing is kept

	received int
	failed   []failure
	shares   []*share // by component, in the order of their first items
}

// share is what of a body is for one component.
type share struct {
	component *Component
	key       string
	denied    *failure // why nothing of it is taken
	items     []*item.Item
	at        []int // of each of items: its place in the body
}

// read takes the items apart, each as a text of its own: one that is wrong inside is
// refused and the others go on, and what is kept of one does not keep the whole body.
func (t *tracking) read(text string) {
	rest, array := text, strings.HasPrefix(text, "[")
	if array {
		rest = text[1:]
	}
	for {
		rest = strings.TrimLeft(rest, " \t\r\n")
		if array && strings.HasPrefix(rest, "]") {
			if strings.TrimLeft(rest[1:], " \t\r\n") != "" {
				t.refuse(http.StatusBadRequest, "100: there is text behind the array")
			}
			return
		}
		if rest == "" {
			if array {
				t.refuse(http.StatusBadRequest, "100: the array has no end")
			} else if t.received == 0 {
				t.refuse(http.StatusBadRequest, "100: the body is empty")
			}
			return
		}
		n := element(rest)
		if !array { // a line that is broken ends with the line
			if line := strings.IndexByte(rest, '\n'); n == 0 || line >= 0 && line < n && !strings.HasPrefix(rest, "{") {
				n = line
				if n < 0 {
					n = len(rest)
				}
			}
		}
		if n == 0 {
			t.refuse(http.StatusBadRequest, "100: the envelope has no end")
			return
		}
		if t.received >= maxItems {
			t.refuse(http.StatusRequestEntityTooLarge, "100: a batch has at most "+strconv.Itoa(maxItems)+" items")
			return
		}
		t.envelope(rest[:n])
		rest = strings.TrimLeft(rest[n:], " \t\r\n")
		if after, comma := strings.CutPrefix(rest, ","); comma {
			rest = after
		} else if array && !strings.HasPrefix(rest, "]") && rest != "" {
			t.refuse(http.StatusBadRequest, "100: no comma between envelopes")
			return
		}
	}
}

// refuse refuses what cannot be read as an item.
func (t *tracking) refuse(status int, why string) {
	t.failed = append(t.failed, failure{t.received, status, why})
	t.received++
}

func (t *tracking) envelope(text string) {
	if len(text) > maxItem {
		t.refuse(http.StatusBadRequest, "109: the envelope is larger than "+strconv.Itoa(maxItem)+" bytes")
		return
	}
	e := readEnvelope(strings.Clone(text), t.now)
	key := normalKey(e.key)
	if statsbeat[key] {
		t.received++
		return
	}
	if e.why != "" {
		t.refuse(http.StatusBadRequest, e.why)
		return
	}
	to := t.share(key)
	if to.denied != nil {
		t.refuse(to.denied.status, to.denied.message)
		return
	}
	to.items, to.at = append(append(to.items, e.item), e.more...), append(to.at, t.received)
	for range e.more {
		to.at = append(to.at, t.received)
	}
	t.received++
}

// share is the one of a key.
func (t *tracking) share(key string) *share {
	for _, x := range t.shares {
		if x.key == key {
			return x
		}
	}
	x := &share{key: strings.Clone(key)}
	c, known := t.s.Components.ByKey(key)
	switch {
	case len(t.shares) >= maxShares: // it is not remembered, so nothing may come of it
		x.denied = &failure{status: http.StatusBadRequest, message: "110: a batch is for at most " + strconv.Itoa(maxShares) + " instrumentation keys"}
		return x
	case !known:
		x.denied = &failure{status: http.StatusBadRequest, message: "Invalid instrumentation key"}
	default:
		x.component, x.denied = c, t.s.denied(c, t.token)
	}
	t.shares = append(t.shares, x)
	return x
}

// maxShares bounds how many keys of a body are looked up: a body of invented ones must
// not cost the square of its items.
const maxShares = 64

// denied says why a component takes nothing from who has a token, or none; nil: it does.
func (s *Service) denied(c *Component, token string) *failure {
	if !c.TokensOnly() {
		return nil
	}
	err := s.Access.May(token, Write, c)
	switch {
	case err == nil:
		return nil
	case fault.Is(err, fault.Forbidden):
		return &failure{status: http.StatusForbidden, message: err.Error()}
	}
	return &failure{status: http.StatusUnauthorized, message: err.Error()}
}

// put gives the items to their components. What finds no room is to come again.
func (t *tracking) put() {
	for _, x := range t.shares {
		if t.dry || len(x.items) == 0 {
			continue
		}
		taken := x.component.Put(x.items...)
		last := -1
		for _, at := range x.at[taken:] {
			if at != last {
				t.failed = append(t.failed, failure{at, http.StatusTooManyRequests, "the component's queue is full; send it again"})
			}
			last = at
		}
	}
}

func (t *tracking) reply(w http.ResponseWriter) {
	status := http.StatusOK
	if len(t.failed) > 0 {
		status = http.StatusPartialContent
		if len(t.failed) >= t.received {
			status = t.failed[0].status
		}
		for _, f := range t.failed {
			if f.status == http.StatusTooManyRequests {
				w.Header().Set("Retry-After", retryAfter)
				break
			}
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(trackReply(t.received, t.received-len(t.failed), t.failed)) // the client may be gone
}

// trackReply is the body of a reply, by hand: there may be many errors.
func trackReply(received, accepted int, failed []failure) []byte {
	b := append([]byte(`{"itemsReceived":`), strconv.Itoa(received)...)
	b = append(append(b, `,"itemsAccepted":`...), strconv.Itoa(max(accepted, 0))...)
	b = append(b, `,"errors":[`...)
	for n, f := range failed {
		if n > 0 {
			b = append(b, ',')
		}
		if len(b) > maxErrorText {
			f.message = ""
		}
		b = append(append(b, `{"index":`...), strconv.Itoa(f.index)...)
		b = append(append(b, `,"statusCode":`...), strconv.Itoa(f.status)...)
		b = appendText(append(b, `,"message":`...), f.message)
		b = append(b, '}')
	}
	return append(b, "]}"...)
}
