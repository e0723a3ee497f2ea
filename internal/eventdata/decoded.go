package eventdata

import (
	"cmp"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

// Decoded is what a message has besides its body, where a client of another library
// has decoded it. Keys are strings.
type Decoded struct {
	Application amqp.Map
	Annotations amqp.Map
	Standard    *amqp.Properties // nil: none
}

// Show is Event.Show.
func (d *Decoded) Show() (s Shown) {
	older := ""
	o := object{}
	for _, e := range d.Application {
		name, ok := e.Key.(string)
		if !ok {
			continue
		}
		text, _ := e.Value.(string)
		switch name {
		case "traceparent":
			s.TraceParent = text
		case "Diagnostic-Id":
			older = text
		}
		o.add(name, e.Value)
	}
	s.Properties, s.TraceParent = o.b, cmp.Or(s.TraceParent, older)
	o = object{}
	for _, e := range d.Annotations {
		if name, ok := e.Key.(string); ok && !hidden([]byte(name)) {
			o.add(name, e.Value)
		}
	}
	if d.Standard != nil {
		o.addProperties(d.Standard)
	}
	s.System = o.b
	return s
}
