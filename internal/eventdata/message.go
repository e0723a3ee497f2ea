package eventdata

import "github.com/lazuli-dev/lazuli/internal/amqp"

// Message is an event to be stored.
type Message struct {
	Body        []byte
	ContentType string   // "" says nothing
	Properties  amqp.Map // application properties: keys are strings
}

// Append appends the message: one Data section, and before it what else there
// is. An error names a property that cannot be encoded.
func (m Message) Append(dst []byte) ([]byte, error) {
	if m.ContentType != "" || len(m.Properties) > 0 {
		head := amqp.Message{ApplicationProperties: m.Properties}
		if m.ContentType != "" {
			head.Properties = &amqp.Properties{ContentType: amqp.Symbol(m.ContentType)}
		}
		var err error
		if dst, err = head.Append(dst); err != nil {
			return nil, err
		}
	}
	return amqp.AppendDataSection(dst, m.Body), nil
}
