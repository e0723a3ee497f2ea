package eventdata

import (
	"cmp"

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
	dst, _, err := e.render(dst)
	return dst, err
}

// render is AppendProperties, which finds the trace context on the way.
func (e *Event) render(dst []byte) (text []byte, trace string, err error) {
	o := object{dst, len(dst)}
	older := ""
	p := e.Properties()
	for p.Next() {
		name, value := p.Property.Name, p.Property.encoded
		switch string(name) {
		case "traceparent":
			trace = textOf(value)
		case "Diagnostic-Id":
			older = textOf(value)
		}
		if err := o.addEncoded(name, value); err != nil {
			return dst, "", err
		}
	}
	return o.b, cmp.Or(trace, older), p.Err()
}

func textOf(encoded []byte) string {
	s, _ := amqp.TextOf(encoded)
	return string(s)
}

// Shown is what functions and people see of an event besides its body.
type Shown struct {
	Properties  []byte // a JSON object, or nil
	System      []byte // a JSON object, or nil
	TraceParent string // the W3C trace context of the sender, or ""
}

// Show decodes all that there is.
func (e *Event) Show() (s Shown, err error) {
	if len(e.application) > 0 {
		if s.Properties, s.TraceParent, err = e.render(make([]byte, 0, roomFor(e.application))); err != nil {
			return s, err
		}
	}
	if len(e.standard)+len(e.annotations) > 0 {
		s.System, err = e.AppendSystem(make([]byte, 0, roomFor(e.standard)+roomFor(e.annotations)))
	}
	if len(s.System) == 0 {
		s.System = nil
	}
	if len(s.Properties) == 0 {
		s.Properties = nil
	}
	return s, err
}

// roomFor is about as long as the JSON of a section is.
func roomFor(section []byte) int { return 2*len(section) + 16 }
