package queues

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/queue"
)

const (
	maxPage    = 200       // messages
	maxShown   = 1 << 10   // bytes of a text in the list
	maxRequest = 512 << 10 // of JSON, in which a text of 64 KiB may be all escapes
)

// Message is a message in the list.
type Message struct {
	ID       string `json:"id"`
	Place    uint64 `json:"place"`    // in the order of being put
	Text     string `json:"text"`     // decoded, its beginning
	Cut      bool   `json:"cut"`      // there is more of it
	Encoding string `json:"encoding"` // text, base64: of a text, bytes: no text, shown in base64
	Size     int    `json:"size"`     // of the text as it is stored, in bytes
	Inserted int64  `json:"inserted"` // unix milliseconds, as all times here
	Expires  int64  `json:"expires"`  // 0: never
	Visible  int64  `json:"visible"`  // when it can be got
	Hidden   bool   `json:"hidden"`   // that is later than now
	Dequeued int    `json:"dequeued"`
}

// Messages is a page of the messages of a queue, visible or not.
type Messages struct {
	Rows  []Message `json:"rows"`
	Next  string    `json:"next"`  // the after of the next page, or ""
	Total int       `json:"total"` // messages there are
}

// Whole is a message with all of its text.
type Whole struct {
	Message
	Stored string `json:"stored"` // the text as it is stored; of bytes that are no text in base64
}

func messageOf(m queue.Stored, now time.Time) (Message, string) {
	shown, encoding := readText(m.Text)
	return Message{
		ID: m.ID, Place: m.Place, Text: shown, Encoding: encoding, Size: m.Size,
		Inserted: milliseconds(m.Inserted), Expires: milliseconds(m.Expires), Visible: milliseconds(m.Visible),
		Hidden: m.Visible.After(now), Dequeued: m.Dequeued,
	}, shown
}

// listMessages serves GET …/messages?order=oldest|newest&after=…&max=…: in the order
// of being put. Nobody's visibility changes by it.
func (p *page) listMessages(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	if err != nil {
		return err
	}
	look, err := lookOf(r)
	if err != nil {
		return err
	}
	info, err := t.queue.Info()
	if err != nil {
		return err
	}
	found, more, err := t.queue.Look(r.Context(), look)
	if err != nil {
		return err
	}
	out, now := Messages{Rows: make([]Message, 0, len(found)), Total: info.Messages}, t.queue.Now()
	for _, f := range found {
		m, shown := messageOf(f, now)
		m.Text, m.Cut = cut(shown, maxShown)
		out.Rows = append(out.Rows, m)
	}
	if more {
		out.Next = strconv.FormatUint(found[len(found)-1].Place, 10)
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

func lookOf(r *http.Request) (look queue.Look, err error) {
	limit, err := portal.Number(r, "max", 50)
	if err != nil {
		return look, err
	}
	look.Limit = int(min(max(limit, 1), maxPage))
	switch order := r.URL.Query().Get("order"); order {
	case "", "oldest":
	case "newest":
		look.Newest = true
	default:
		return look, fault.New(fault.Invalid, "order", "%q is neither newest nor oldest", order)
	}
	if after := r.URL.Query().Get("after"); after != "" {
		if look.After, err = strconv.ParseUint(after, 10, 63); err != nil {
			return look, fault.New(fault.Invalid, "after", "%q is no place in this list", after)
		}
	}
	return look, nil
}

// getMessage serves GET …/messages/{id}.
func (p *page) getMessage(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	if err != nil {
		return err
	}
	found, err := t.queue.Find(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	m, shown := messageOf(found, time.Now())
	whole := Whole{Message: m, Stored: string(found.Text)}
	if m.Encoding == noText {
		whole.Stored = shown
	}
	portal.WriteJSON(w, http.StatusOK, whole)
	return nil
}

// NewMessage is the body of POST …/messages.
type NewMessage struct {
	Text   string `json:"text"`
	Base64 bool   `json:"base64"` // the text is put in base64, as functions expect messages unless told otherwise
	Delay  int64  `json:"delay"`  // seconds until it is visible
	TTL    int64  `json:"ttl"`    // seconds; 0: seven days, -1: for ever
}

// stored is the text as it is put.
func (n *NewMessage) stored() ([]byte, error) {
	text := []byte(n.Text)
	if n.Base64 {
		text = base64.StdEncoding.AppendEncode(nil, text)
	} else if r := forbidden(n.Text); r >= 0 {
		return nil, fault.New(fault.Invalid, "text", "a message cannot have the character %U; put it in base64", r)
	}
	if len(text) > queue.MaxText {
		return nil, fault.New(fault.TooLarge, "text", "as it is put it has %d bytes; a message has at most %d", len(text), queue.MaxText)
	}
	return text, nil
}

const week = 7 * 24 * 60 * 60

func (n *NewMessage) options() (queue.PutOptions, error) {
	if n.Delay < 0 || n.Delay > week {
		return queue.PutOptions{}, fault.New(fault.Invalid, "delay", "%d seconds; it can be 0 to %d", n.Delay, week)
	}
	if n.TTL < -1 || n.TTL > 1<<31-1 {
		return queue.PutOptions{}, fault.New(fault.Invalid, "ttl", "%d seconds; it can be 1 to %d, or -1, which is for ever", n.TTL, 1<<31-1)
	}
	if n.TTL > 0 && n.Delay >= n.TTL {
		return queue.PutOptions{}, fault.New(fault.Invalid, "delay", "the message would expire before it is visible")
	}
	return queue.PutOptions{Delay: time.Duration(n.Delay) * time.Second, TTL: time.Duration(n.TTL) * time.Second}, nil
}

// putMessage serves POST …/messages and answers with the message.
func (p *page) putMessage(w http.ResponseWriter, r *http.Request) error {
	var n NewMessage
	t, err := p.target(r)
	if err == nil {
		err = portal.ReadJSON(w, r, maxRequest, &n)
	}
	if err != nil {
		return err
	}
	text, err := n.stored()
	if err != nil {
		return err
	}
	o, err := n.options()
	if err != nil {
		return err
	}
	put, err := t.queue.Put(r.Context(), text, o)
	if err != nil {
		return err
	}
	put.Text, put.Receipt = text, ""
	m, _ := messageOf(queue.Stored{Message: put, Size: len(text)}, time.Now())
	m.Text, m.Cut = cut(m.Text, maxShown)
	portal.WriteJSON(w, http.StatusCreated, m)
	return nil
}

// deleteMessage serves DELETE …/messages/{id}, also of one that somebody has.
func (p *page) deleteMessage(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	if err == nil {
		err = t.queue.Discard(r.Context(), r.PathValue("id"))
	}
	return done(w, http.StatusNoContent, err)
}

// clearMessages serves DELETE …/messages: all of them.
func (p *page) clearMessages(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	if err == nil {
		err = t.queue.Clear(r.Context())
	}
	return done(w, http.StatusNoContent, err)
}

// done answers a change that has no more to say than that it is done.
func done(w http.ResponseWriter, status int, err error) error {
	if err == nil {
		w.WriteHeader(status)
	}
	return err
}
