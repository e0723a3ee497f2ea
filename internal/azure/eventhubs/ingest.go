package eventhubs

import (
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

// Message annotations that the service owns. A publisher may only set the
// key; the others are dropped when it sends them.
const (
	annSequence  = "x-opt-sequence-number"
	annOffset    = "x-opt-offset"
	annEnqueued  = "x-opt-enqueued-time"
	annKey       = "x-opt-partition-key"
	annPublisher = "x-opt-publisher"
)

// maxKeyChars is the service's limit for partition keys.
const maxKeyChars = 128

// splitMessage appends the events in a transfer's payload to dst, as slices of
// the payload, and returns the partition key they share ("" for none).
//
// A standard message is one event. In a batch every Data section is one
// complete message and the envelope's annotations hold the key; an envelope
// without one takes the key of its first message. Every event is checked to
// the last value, because it will be sent to strangers as it is.
func splitMessage(dst [][]byte, format uint32, payload []byte) (events [][]byte, key string, err error) {
	switch format {
	case 0:
		if payload, err = storable(payload); err != nil {
			return dst, "", err
		}
		key, err = partitionKey(payload)
		return append(dst, payload), key, err
	case amqp.BatchFormat:
		return splitBatch(dst, payload)
	}
	return dst, "", refuse(400, amqp.ErrNotImplemented,
		"The message format 0x%x is not supported; use 0 (one event) or 0x%x (a batch of events).", format, amqp.BatchFormat)
}

func splitBatch(dst [][]byte, payload []byte) (events [][]byte, key string, err error) {
	first := len(dst)
	it := amqp.ScanAnyOrder(payload)
	for it.Next() {
		switch it.Section.Kind {
		case amqp.SectionMessageAnnotations:
			if key, err = keyOf(it.Section); err != nil {
				return dst[:first], "", err
			}
		case amqp.SectionData:
			event, err := it.Section.Binary()
			if err == nil {
				event, err = storable(event)
			}
			if err != nil {
				return dst[:first], "", inBatch(err, len(dst)-first)
			}
			dst = append(dst, event)
		case amqp.SectionSequence, amqp.SectionValue:
			return dst[:first], "", refuse(400, condArgumentError, "The body of a batch must consist of data sections, one for each event.")
		}
	}
	if err := it.Err(); err != nil {
		return dst[:first], "", err
	}
	if len(dst) == first {
		return dst, "", refuse(400, condArgumentError, "The batch holds no event.")
	}
	if key == "" {
		key, err = partitionKey(dst[first])
	}
	return dst, key, err
}

// storable returns the event as it may be stored: its sections in the protocol's
// order, and checked to the last value, because it will be sent to strangers as
// it is. Two habits of stock clients are mended in a copy: JavaScript and Python
// write sections in other orders, and JavaScript writes the body null as a Data
// section that holds null instead of bytes, which other clients cannot read; it
// becomes an empty body.
func storable(event []byte) ([]byte, error) {
	if amqp.CheckMessage(event) == nil {
		return event, nil
	}
	ordered, err := amqp.InOrder(event)
	if err != nil {
		return nil, err
	}
	mended, err := withoutNullData(ordered)
	if err != nil {
		return nil, err
	}
	return mended, amqp.CheckMessage(mended)
}

// withoutNullData returns a copy of the message in which Data sections that hold
// null are empty.
func withoutNullData(message []byte) ([]byte, error) {
	const null = 0x40
	mended := make([]byte, 0, len(message)+1)
	it := amqp.ScanSections(message)
	for it.Next() {
		if it.Section.Kind == amqp.SectionData && it.Section.Body[0] == null {
			mended = amqp.AppendDataSection(mended, nil)
		} else {
			mended = append(mended, it.Section.Raw...)
		}
	}
	return mended, it.Err()
}

// inBatch adds the event's place to an error about it.
func inBatch(err error, index int) *refusal {
	r := refusalOf(err)
	return refuse(r.status, r.condition, "Event %d of the batch: %s", index, r.text)
}

// partitionKey returns the key in a message's annotations, or "".
func partitionKey(message []byte) (string, error) {
	it := amqp.ScanSections(message)
	for it.Next() && it.Section.Kind <= amqp.SectionMessageAnnotations {
		if it.Section.Kind == amqp.SectionMessageAnnotations {
			return keyOf(it.Section)
		}
	}
	return "", it.Err()
}

// keyOf returns the partition key in an annotations section, or "". A key that
// is not a string is none, as the service has it: the event goes to the next
// partition in turn (azure-sdk-for-python, pull request 16909).
func keyOf(annotations amqp.Section) (string, error) {
	m, err := annotations.Map()
	if err != nil {
		return "", err
	}
	raw, ok := m.Lookup(annKey)
	if !ok {
		return "", nil
	}
	v, _, err := amqp.DecodeValue(raw)
	if err != nil {
		return "", err
	}
	key, _ := v.(string)
	if len(key) > maxKeyChars && utf8.RuneCountInString(key) > maxKeyChars {
		return "", refuse(400, condArgumentOutOfRange,
			"The partition key is %d characters long; the limit is %d.", utf8.RuneCountInString(key), maxKeyChars)
	}
	return key, nil
}

// withPublisher returns a copy of the message whose annotations also name the
// publisher. It is the one case in which stored bytes are not the sender's.
func withPublisher(message []byte, publisher string) ([]byte, error) {
	head, err := splitHead(message)
	if err != nil {
		return nil, err
	}
	var pairs []byte
	pairs = amqp.AppendSymbol(pairs, annPublisher)
	pairs = amqp.AppendString(pairs, publisher)
	own, count, err := appendForeignPairs(nil, head.annotations, reserved)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(message)+len(pairs)+16)
	out = append(out, head.header...)
	out = append(out, head.delivery.Raw...)
	out = amqp.AppendMapSection(out, amqp.SectionMessageAnnotations, 2+count, pairs, own)
	return append(out, head.rest...), nil
}
