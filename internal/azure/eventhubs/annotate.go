package eventhubs

import (
	"bytes"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
)

// head is the front of a stored message, cut where delivery needs it.
type head struct {
	header      []byte      // the header section as stored, or empty
	delivery    []byte      // the delivery-annotations section, or empty; it ends with the hop it was for
	annotations amqp.RawMap // the publisher's message annotations
	rest        []byte      // everything behind the annotations
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
			h.delivery = it.Section.Raw
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
//	[header as stored] [delivery annotations: runtime metric] [message annotations: ours, then the publisher's]
//
// and reuses its memory from one flush to the next.
type annotator struct {
	pairs   []byte // scratch: our encoded pairs
	foreign []byte // scratch: the publisher's pairs that stay
	offset  []byte // scratch: an offset's digits
}

// prefix appends the sections that precede rest to dst and returns both.
// metric is an encoded delivery-annotations section or empty.
func (a *annotator) prefix(dst []byte, r *broker.Record, metric []byte) (prefix, rest []byte, err error) {
	h, err := splitHead(r.Body)
	if err != nil {
		return dst, nil, err
	}
	dst = append(dst, h.header...)
	dst = append(dst, metric...)

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
		if a.foreign, n, err = appendForeignPairs(a.foreign[:0], h.annotations); err != nil {
			return dst, nil, err
		}
		own = a.foreign
	}
	return amqp.AppendMapSection(dst, amqp.SectionMessageAnnotations, count+n, p, own), h.rest, nil
}

// appendStringBytes appends a string of less than 256 bytes from a slice.
func appendStringBytes(dst, s []byte) []byte {
	const str8 = 0xa1
	return append(append(dst, str8, byte(len(s))), s...)
}

// appendForeignPairs appends the pairs whose keys are not ours and returns
// how many values that were.
func appendForeignPairs(dst []byte, m amqp.RawMap) ([]byte, int, error) {
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
		if !reserved(pair[:len(pair)-len(afterKey)]) {
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

// appendMetric appends the delivery annotations of the receiver runtime
// metric: what the partition held when the event was sent.
func appendMetric(dst []byte, info broker.PartitionInfo, now time.Time) []byte {
	var p []byte
	p = amqp.AppendLong(append(p, keyLastSequence...), info.LastSequence)
	p = amqp.AppendString(append(p, keyLastOffset...), info.LastOffset)
	p = amqp.AppendTimestamp(append(p, keyLastTime...), info.LastEnqueued)
	p = amqp.AppendTimestamp(append(p, keyRetrieved...), now)
	return amqp.AppendMapSection(dst, amqp.SectionDeliveryAnnotations, 8, p)
}
