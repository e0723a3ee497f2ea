package app

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// decodeEvent reads the sections of a stored message that a function sees:
// body, application properties, and standard properties and annotations. The
// body of the usual message, one Data section, is not copied.
func decodeEvent(r *broker.Record) (trigger.Event, error) {
	e := trigger.Event{
		Sequence: r.Sequence, Offset: r.Offset.String(), EnqueuedAt: r.EnqueuedAt, PartitionKey: r.Key,
	}
	parts := 0
	for it := amqp.ScanSections(r.Body); ; {
		if !it.Next() {
			if err := it.Err(); err != nil {
				return e, fault.Wrap(fault.Internal, fmt.Sprintf("event %d", r.Sequence), err, "stored message")
			}
			return e, nil
		}
		var err error
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
			e.Properties, e.TraceParent, err = applicationProperties(s.Body)
		case amqp.SectionProperties, amqp.SectionMessageAnnotations:
			e.System, err = systemProperties(e.System, s)
		}
		if err != nil {
			return e, fault.Wrap(fault.Internal, fmt.Sprintf("event %d", r.Sequence), err, "stored message")
		}
	}
}

// valueBody makes bytes of a body that is an AMQP value: a text or binary as
// it is, anything else as JSON.
func valueBody(section []byte) ([]byte, error) {
	v, _, err := amqp.DecodeValue(section)
	switch b := v.(type) {
	case []byte:
		return b, err
	case string:
		return []byte(b), err
	}
	return appendJSON(nil, v), err
}

// applicationProperties renders the sender's properties as a JSON object, and
// finds the trace context among them.
func applicationProperties(section []byte) (object []byte, trace string, err error) {
	v, _, err := amqp.DecodeValue(section)
	m, ok := v.(amqp.Map)
	if err != nil || !ok || len(m) == 0 {
		return nil, "", err
	}
	for _, name := range []string{"traceparent", "Diagnostic-Id"} {
		if trace = m.String(name); trace != "" {
			break
		}
	}
	return appendJSON(nil, m), trace, nil
}

// hidden reports whether an annotation is one that the event carries as a field
// of its own.
func hidden(annotation []byte) bool {
	switch string(annotation) {
	case "x-opt-sequence-number", "x-opt-offset", "x-opt-enqueued-time", "x-opt-partition-key":
		return true
	}
	return false
}

// systemProperties adds a section's entries to the object made so far, under
// the names that Azure's clients give them.
func systemProperties(object []byte, s amqp.Section) ([]byte, error) {
	if s.Kind == amqp.SectionMessageAnnotations {
		return systemAnnotations(object, s)
	}
	p, err := amqp.ParseProperties(s)
	if err != nil {
		return nil, err
	}
	add := func(name string, v any, present bool) {
		if present {
			object = appendEntry(object, name, v)
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
	return object, nil
}

// systemAnnotations decodes those annotations only that are shown: nearly
// every message has none.
func systemAnnotations(object []byte, s amqp.Section) ([]byte, error) {
	m, err := s.Map()
	if err != nil {
		return nil, err
	}
	for pair, ok := m.Next(); ok; pair, ok = m.Next() {
		name, isText := amqp.TextOf(pair.Key)
		if !isText || hidden(name) {
			continue
		}
		v, _, err := amqp.DecodeValue(pair.Value)
		if err != nil {
			return nil, err
		}
		object = appendEntry(object, string(name), v)
	}
	if m.Count != 0 {
		return nil, fault.New(fault.Internal, "message annotations", "malformed after %d bytes", len(s.Body)-len(m.Pairs))
	}
	return object, nil
}

// appendEntry adds an entry to an object, which is opened when it is empty.
func appendEntry(object []byte, name string, v amqp.Value) []byte {
	if len(object) == 0 {
		object = append(object, '{')
	} else {
		object[len(object)-1] = ',' // instead of the closing brace
	}
	object = append(appendText(object, name), ':')
	return append(appendJSON(object, v), '}')
}

// appendJSON appends an AMQP value as JSON. Binary is base64, times are RFC
// 3339, and what JSON has no number for (NaN, infinities) is text.
func appendJSON(b []byte, v amqp.Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return appendText(b, v)
	case amqp.Symbol:
		return appendText(b, string(v))
	case []byte:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v)
		return append(b, '"')
	case time.Time:
		return appendText(b, v.UTC().Format(time.RFC3339Nano))
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case float32:
		return appendFloat(b, float64(v), 32)
	case float64:
		return appendFloat(b, v, 64)
	case amqp.UUID:
		h := hex.EncodeToString(v[:])
		return appendText(b, h[:8]+"-"+h[8:12]+"-"+h[12:16]+"-"+h[16:20]+"-"+h[20:])
	case amqp.Char:
		return appendText(b, string(rune(v)))
	case amqp.Described:
		return appendJSON(b, v.Value)
	case amqp.Map:
		return appendMap(b, v)
	case []any:
		return appendArray(b, v)
	case amqp.Array:
		return appendArray(b, v)
	}
	if n, ok := amqp.AsInt(v); ok {
		return strconv.AppendInt(b, n, 10)
	}
	return appendText(b, fmt.Sprint(v)) // decimals: opaque bytes
}

func appendFloat(b []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendText(b, strconv.FormatFloat(f, 'g', -1, bits))
	}
	return strconv.AppendFloat(b, f, 'g', -1, bits)
}

func appendMap(b []byte, m amqp.Map) []byte {
	b = append(b, '{')
	for i, e := range m {
		if i > 0 {
			b = append(b, ',')
		}
		switch k := e.Key.(type) {
		case string:
			b = appendText(b, k)
		case amqp.Symbol:
			b = appendText(b, string(k))
		default:
			b = appendText(b, fmt.Sprint(k))
		}
		b = append(b, ':')
		b = appendJSON(b, e.Value)
	}
	return append(b, '}')
}

func appendArray(b []byte, list []any) []byte {
	b = append(b, '[')
	for i, e := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, e)
	}
	return append(b, ']')
}

// appendText appends a JSON string. Plain ASCII, nearly every name and value,
// takes the short way.
func appendText(b []byte, s string) []byte {
	plain := !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e || r == '"' || r == '\\' })
	if plain {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	quoted, err := json.Marshal(s)
	if err != nil {
		return append(b, `""`...)
	}
	return append(b, quoted...)
}
