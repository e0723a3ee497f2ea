package eventdata

import (
	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Event is a stored message as its readers see it. It refers to the message's
// bytes, which must stay unchanged.
type Event struct {
	Body []byte // of the usual message, one Data section, not copied

	application []byte // ApplicationProperties, an encoded map, or nil
	standard    []byte // Properties, an encoded list, or nil
	annotations []byte // MessageAnnotations, an encoded map, or nil
}

// Read finds the parts of a stored message. An error is fault.Internal: what is
// stored was checked when it came in.
func Read(message []byte) (e Event, err error) {
	parts := 0
	it := amqp.ScanSections(message)
	for it.Next() {
		switch s := it.Section; s.Kind {
		case amqp.SectionData:
			var b []byte
			if b, err = s.Binary(); parts == 0 {
				e.Body = b
			} else {
				e.Body = append(e.Body[:len(e.Body):len(e.Body)], b...)
			}
			parts++
		case amqp.SectionValue, amqp.SectionSequence:
			e.Body, err = valueBody(s.Body)
		case amqp.SectionApplicationProperties:
			e.application = s.Body
		case amqp.SectionProperties:
			e.standard = s.Body
		case amqp.SectionMessageAnnotations:
			e.annotations = s.Body
		}
		if err != nil {
			return e, stored(err)
		}
	}
	if err := it.Err(); err != nil {
		return e, stored(err)
	}
	return e, nil
}

func stored(err error) error {
	return fault.Wrap(fault.Internal, "stored message", err, "cannot be read")
}

// valueBody makes bytes of a body that is an AMQP value: a text or binary as
// it is, anything else as JSON.
func valueBody(section []byte) ([]byte, error) {
	v, _, err := amqp.DecodeValue(section)
	return ValueBody(v), err
}

// ValueBody is the body of an event whose message has a value in place of bytes.
func ValueBody(v amqp.Value) []byte {
	switch b := v.(type) {
	case []byte:
		return b
	case string:
		return []byte(b)
	}
	return AppendJSON(nil, v)
}
