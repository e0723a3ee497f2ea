// Package eventdata says what an event is: which parts of a stored AMQP message
// functions, queries and people see, and how a body becomes a message.
//
// The one idea: an Event is slices of the stored message. Reading one allocates
// nothing; a property or an annotation is decoded when somebody asks for it,
// once, straight into the form that is asked for.
//
//	body           all Data sections, one after the other; a value section as its
//	               text or bytes, anything else as JSON
//	properties     application properties: set by the sender, any names
//	system         the standard properties under the names that Azure's clients
//	               give them, and the message annotations but those that every
//	               event carries as fields of its own (sequence number, offset,
//	               enqueued time, partition key)
//	trace context  the property traceparent, or Diagnostic-Id of older clients
//
// It knows no broker and no service: sequence numbers, times and keys are the
// record's, not the message's.
package eventdata
