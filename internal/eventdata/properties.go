package eventdata

import (
	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Property is one of the sender's application properties, still encoded.
type Property struct {
	Name    []byte
	encoded []byte
}

// Value decodes the value.
func (p Property) Value() (amqp.Value, error) {
	v, _, err := amqp.DecodeValue(p.encoded)
	return v, err
}

// Properties walks the application properties in the order in which they were
// sent:
//
//	for p := e.Properties(); p.Next(); {
//		use(p.Property)
//	}
type Properties struct {
	Property Property
	rest     amqp.RawMap
	err      error
}

// Properties begins a walk over the application properties.
func (e *Event) Properties() Properties {
	if len(e.application) == 0 {
		return Properties{}
	}
	m, err := amqp.ParseRawMap(e.application)
	return Properties{rest: m, err: err}
}

// Next moves to the next property. One whose name is no text is passed over:
// the protocol has none.
func (p *Properties) Next() bool {
	for pair, ok := p.rest.Next(); ok; pair, ok = p.rest.Next() {
		if name, isText := amqp.TextOf(pair.Key); isText {
			p.Property = Property{name, pair.Value}
			return true
		}
	}
	if p.err == nil && p.rest.Count != 0 {
		p.err = fault.New(fault.Internal, "application properties", "malformed after %d values are left", p.rest.Count)
		p.rest.Count = 0
	}
	return false
}

// Err is what ended the walk before its end, or nil.
func (p *Properties) Err() error { return p.err }

// AppendProperties appends the application properties as a JSON object; nothing
// when there are none.
func (e *Event) AppendProperties(dst []byte) ([]byte, error) {
	o := object{dst, len(dst)}
	p := e.Properties()
	for p.Next() {
		if err := o.addEncoded(p.Property.Name, p.Property.encoded); err != nil {
			return dst, err
		}
	}
	return o.b, p.Err()
}

// TraceParent is the W3C trace context of the sender, or "".
func (e *Event) TraceParent() string {
	var found, older string
	for p := e.Properties(); found == "" && p.Next(); {
		switch string(p.Property.Name) {
		case "traceparent":
			found = text(p.Property.encoded)
		case "Diagnostic-Id":
			older = text(p.Property.encoded)
		}
	}
	if found == "" {
		return older
	}
	return found
}

func text(encoded []byte) string {
	s, _ := amqp.TextOf(encoded)
	return string(s)
}
