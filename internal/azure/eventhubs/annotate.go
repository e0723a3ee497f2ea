package eventhubs

import (
	"bytes"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
)

// head is the front of a stored message, cut where delivery needs it.
type head struct {
	header      []byte       // the header section as stored, or empty
	delivery    amqp.Section // the publisher's delivery annotations; Raw is empty when there are none
	annotations amqp.RawMap  // the publisher's message annotations
	rest        []byte       // everything behind the annotations
}

// splitHead finds the sections in front of the properties without copying.
func splitHead(message []byte) (head, error) {
	h := head{rest: message}
	it := amqp.ScanSections(message)
	for it.Next() {
		switch it.Section.Kind {
		case amqp.SectionHeader:
			h.header = it.Section.Raw
		case amqp.SectionDeliveryAnnotations:
			h.delivery = it.Section
		case amqp.SectionMessageAnnotations:
			m, err := it.Section.Map()
			if err != nil {
				return head{}, err
			}
			h.annotations = m
		default:
			return h, nil
		}
		h.rest = h.rest[len(it.Section.Raw):]
	}
	return h, it.Err()
}

// Encoded keys of our annotations; read-only.
var (
	keySequence  = amqp.AppendSymbol(nil, annSequence)
	keyOffset    = amqp.AppendSymbol(nil, annOffset)
	keyEnqueued  = amqp.AppendSymbol(nil, annEnqueued)
	keyPartition = amqp.AppendSymbol(nil, annKey)

	keyLastSequence = amqp.AppendSymbol(nil, "last_enqueued_sequence_number")
	keyLastOffset   = amqp.AppendSymbol(nil, "last_enqueued_offset")
	keyLastTime     = amqp.AppendSymbol(nil, "last_enqueued_time_utc")
	keyRetrieved    = amqp.AppendSymbol(nil, "runtime_info_retrieval_time_utc")
)

// annotator builds what goes in front of stored messages:
//
//	[header as stored] [delivery annotations: runtime metric, then the publisher's] [message annotations: ours, then the publisher's]
//
// The publisher's delivery annotations go on to the reader, as the service does
// it (the Python SDK's live test of annotated messages reads them back). The
// memory is used again from one flush to the next.
type annotator struct {
	pairs   []byte // scratch: our encoded pairs
	foreign []byte // scratch: the publisher's pairs that stay
	offset  []byte // scratch: an offset's digits
}

// prefix appends the sections that precede rest to dst and returns both. metric
// is the runtime metric from appendMetric, or empty.
func (a *annotator) prefix(dst []byte, r *broker.Record, metric []byte) (prefix, rest []byte, err error) {
	h, err := splitHead(r.Body)
	if err != nil {
		return dst, nil, err
	}
	dst = append(dst, h.header...)
	if dst, err = a.deliveryAnnotations(dst, h.delivery, metric); err != nil {
		return dst, nil, err
	}

	a.offset = r.Offset.AppendTo(a.offset[:0])
	p, count := a.pairs[:0], 6
	p = amqp.AppendLong(append(p, keySequence...), r.Sequence)
	p = appendStringBytes(append(p, keyOffset...), a.offset)
	p = amqp.AppendTimestamp(append(p, keyEnqueued...), r.EnqueuedAt)
	if r.Key != "" {
		p = amqp.AppendString(append(p, keyPartition...), r.Key)
		count += 2
	}
	a.pairs = p

	own, n := h.annotations.Pairs, h.annotations.Count
	if n > 0 {
		if a.foreign, n, err = appendForeignPairs(a.foreign[:0], h.annotations, reserved); err != nil {
			return dst, nil, err
		}
		own = a.foreign
	}
	return amqp.AppendMapSection(dst, amqp.SectionMessageAnnotations, count+n, p, own), h.rest, nil
}

// deliveryAnnotations appends the section of the publisher's annotations and the
// metric's, if there are any.
func (a *annotator) deliveryAnnotations(dst []byte, own amqp.Section, metric []byte) ([]byte, error) {
	if len(metric) == 0 {
		return append(dst, own.Raw...), nil
	}
	a.foreign = a.foreign[:0]
	n := 0
	if len(own.Raw) > 0 {
		m, err := own.Map()
		if err == nil {
			a.foreign, n, err = appendForeignPairs(a.foreign, m, reservedForMetric)
		}
		if err != nil {
			return dst, err
		}
	}
	return amqp.AppendMapSection(dst, amqp.SectionDeliveryAnnotations, metricValues+n, metric, a.foreign), nil
}

// appendStringBytes appends a string of less than 256 bytes from a slice.
func appendStringBytes(dst, s []byte) []byte {
	const str8 = 0xa1
	return append(append(dst, str8, byte(len(s))), s...)
}

// appendForeignPairs appends the pairs whose keys are not ours and returns
// how many values that were.
func appendForeignPairs(dst []byte, m amqp.RawMap, ours func(key []byte) bool) ([]byte, int, error) {
	count := 0
	for rest := m.Pairs; len(rest) > 0; {
		pair := rest
		afterKey, err := amqp.SkipValue(rest)
		if err != nil {
			return dst, 0, err
		}
		if rest, err = amqp.SkipValue(afterKey); err != nil {
			return dst, 0, err
		}
		if !ours(pair[:len(pair)-len(afterKey)]) {
			dst = append(dst, pair[:len(pair)-len(rest)]...)
			count += 2
		}
	}
	return dst, count, nil
}

// reserved reports whether an encoded annotation key is one that we set.
func reserved(key []byte) bool {
	return bytes.Equal(key, keySequence) || bytes.Equal(key, keyOffset) ||
		bytes.Equal(key, keyEnqueued) || bytes.Equal(key, keyPartition)
}

// reservedForMetric reports whether an encoded delivery annotation key is one of
// the runtime metric's.
func reservedForMetric(key []byte) bool {
	return bytes.Equal(key, keyLastSequence) || bytes.Equal(key, keyLastOffset) ||
		bytes.Equal(key, keyLastTime) || bytes.Equal(key, keyRetrieved)
}

// metricValues is how many values appendMetric appends.
const metricValues = 8

// appendMetric appends the pairs of the receiver runtime metric: what the
// partition held when the event was sent.
func appendMetric(dst []byte, info broker.PartitionInfo, now time.Time) []byte {
	dst = amqp.AppendLong(append(dst, keyLastSequence...), info.LastSequence)
	dst = amqp.AppendString(append(dst, keyLastOffset...), info.LastOffset)
	dst = amqp.AppendTimestamp(append(dst, keyLastTime...), info.LastEnqueued)
	return amqp.AppendTimestamp(append(dst, keyRetrieved...), now)
}
