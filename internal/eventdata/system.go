package eventdata

import (
	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// AppendSystem appends the standard properties and annotations as a JSON object,
// under the names that Azure's clients give them; nothing when there are none.
func (e *Event) AppendSystem(dst []byte) ([]byte, error) {
	o := object{dst, len(dst)}
	if err := o.addAnnotations(e.annotations); err != nil {
		return dst, err
	}
	if err := o.addStandard(e.standard); err != nil {
		return dst, err
	}
	return o.b, nil
}

// hidden reports whether an annotation is one that every event carries as a
// field of its own.
func hidden(annotation []byte) bool {
	switch string(annotation) {
	case "x-opt-sequence-number", "x-opt-offset", "x-opt-enqueued-time", "x-opt-partition-key":
		return true
	}
	return false
}

func (o *object) addAnnotations(encoded []byte) error {
	if len(encoded) == 0 {
		return nil
	}
	m, err := amqp.ParseRawMap(encoded)
	if err != nil {
		return err
	}
	for pair, ok := m.Next(); ok; pair, ok = m.Next() {
		name, isText := amqp.TextOf(pair.Key)
		if !isText || hidden(name) {
			continue
		}
		if err := o.addEncoded(name, pair.Value); err != nil {
			return err
		}
	}
	if m.Count != 0 {
		return fault.New(fault.Internal, "message annotations", "malformed: %d values are left", m.Count)
	}
	return nil
}

func (o *object) addStandard(encoded []byte) error {
	if len(encoded) == 0 {
		return nil
	}
	p, err := amqp.ParseProperties(amqp.Section{Kind: amqp.SectionProperties, Body: encoded})
	if err != nil {
		return err
	}
	o.addProperties(p)
	return nil
}

// addProperties adds the standard properties that are there.
func (o *object) addProperties(p *amqp.Properties) {
	add := func(name string, v any, present bool) {
		if present {
			o.add(name, v)
		}
	}
	add("message-id", p.MessageID, p.MessageID != nil)
	add("user-id", p.UserID, len(p.UserID) > 0)
	add("to", p.To, p.To != "")
	add("subject", p.Subject, p.Subject != "")
	add("reply-to", p.ReplyTo, p.ReplyTo != "")
	add("correlation-id", p.CorrelationID, p.CorrelationID != nil)
	add("content-type", p.ContentType, p.ContentType != "")
	add("content-encoding", p.ContentEncoding, p.ContentEncoding != "")
	add("absolute-expiry-time", p.AbsoluteExpiryTime, !p.AbsoluteExpiryTime.IsZero())
	add("creation-time", p.CreationTime, !p.CreationTime.IsZero())
	add("group-id", p.GroupID, p.GroupID != "")
	if p.GroupSequence != nil {
		add("group-sequence", *p.GroupSequence, true)
	}
	add("reply-to-group-id", p.ReplyToGroupID, p.ReplyToGroupID != "")
}
