package queue

import (
	"bytes"
	"encoding/xml"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	engine "github.com/lazuli-dev/lazuli/internal/queue"
)

// queueMessage is the body of Put and Update Message. The text is kept as it is: that
// it is base64 is an agreement of clients.
type queueMessage struct {
	XMLName xml.Name      `xml:"QueueMessage"`
	Texts   []messageText `xml:"MessageText"`
}

type messageText struct {
	Text   string                       `xml:",chardata"`
	Within []struct{ XMLName xml.Name } `xml:",any"`
}

// text reads the text of a message from the body; needed says that there must be one.
func (x *exchange) text(needed bool) ([]byte, error) {
	body, err := x.body()
	if err != nil || !needed && len(bytes.TrimSpace(body)) == 0 {
		return nil, err
	}
	var m queueMessage
	if err := storage.ParseXML(body, &m); err != nil {
		return nil, err
	}
	switch {
	case len(m.Texts) == 0:
		return nil, storage.Fail("MissingRequiredXmlNode").With("XmlNodeName", "MessageText")
	case len(m.Texts) > 1:
		return nil, storage.Fail("InvalidXmlDocument").With("Reason", "A message has one MessageText.")
	case len(m.Texts[0].Within) > 0: // its text would get lost
		return nil, storage.Fail("InvalidXmlDocument").With("Reason", "MessageText holds text, not elements: write < as &lt;.")
	case len(m.Texts[0].Text) > engine.MaxText:
		return nil, tooLarge()
	}
	return []byte(m.Texts[0].Text), nil
}

// putMessage is Put Message: visibilitytimeout until it is visible first, messagettl
// until it expires, -1 never.
func (x *exchange) putMessage() error {
	delay, err := x.visibility(0, 0)
	if err != nil {
		return err
	}
	ttl, err := x.timeToLive()
	if err != nil {
		return err
	}
	if ttl > 0 && delay >= ttl {
		return storage.InvalidQuery("visibilitytimeout", x.r.Query.Get("visibilitytimeout"), "A message becomes visible before it expires: messagettl is larger.")
	}
	text, err := x.text(true)
	if err != nil {
		return err
	}
	q, err := x.queue()
	if err != nil {
		return err
	}
	m, err := q.Put(x.h.Context(), text, engine.PutOptions{Delay: delay, TTL: ttl})
	if err != nil {
		return err
	}
	x.event.Items = 1
	return x.reply(http.StatusCreated, messageList([]engine.Message{m}, isPut))
}

func (x *exchange) timeToLive() (time.Duration, error) {
	n, err := x.number("messagettl", math.MinInt64, math.MaxInt64, int64(engine.DefaultTTL/time.Second))
	switch {
	case err != nil:
		return 0, err
	case n == -1:
		return -1, nil
	case n < 1 || n > math.MaxInt32:
		return 0, storage.InvalidQuery("messagettl", x.r.Query.Get("messagettl"), "It is the seconds that a message lives, 1 or more, or -1 for ever.")
	}
	return time.Duration(n) * time.Second, nil
}

// answer says for what a list of messages is, which decides on its elements.
type answer uint8

const (
	isPut answer = iota
	isGot
	isPeeked
)

// messageList is the XML of messages.
func messageList(all []engine.Message, a answer) []byte {
	b := append([]byte(storage.XMLHeader), "<QueueMessagesList"...)
	if len(all) == 0 {
		return append(b, " />"...)
	}
	b = append(b, '>')
	for i := range all {
		b = appendMessage(b, &all[i], a)
	}
	return append(b, "</QueueMessagesList>"...)
}

func appendMessage(b []byte, m *engine.Message, a answer) []byte {
	b = storage.AppendElement(append(b, "<QueueMessage>"...), "MessageId", m.ID)
	b = appendTime(b, "InsertionTime", m.Inserted)
	b = appendTime(b, "ExpirationTime", m.Expires)
	if a != isPeeked {
		b = storage.AppendElement(b, "PopReceipt", m.Receipt)
		b = appendTime(b, "TimeNextVisible", m.Visible)
	}
	if a != isPut {
		b = append(b, "<DequeueCount>"...)
		b = append(strconv.AppendInt(b, int64(m.Dequeued), 10), "</DequeueCount>"...)
		b = append(b, "<MessageText>"...)
		b = append(storage.AppendXML(b, string(m.Text)), "</MessageText>"...)
	}
	return append(b, "</QueueMessage>"...)
}

// forEver is the expiry of a message that has none.
const forEver = "Fri, 31 Dec 9999 23:59:59 GMT"

func appendTime(b []byte, name string, t time.Time) []byte {
	text := forEver
	if !t.IsZero() {
		text = t.UTC().Format(http.TimeFormat)
	}
	return storage.AppendElement(b, name, text)
}
