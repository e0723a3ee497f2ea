package stream

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// meta fills a slot from the envelope of an event.
func (f *feed) meta(m streamsql.MetaField, e *Event, row *streamsql.Row) {
	switch {
	case m.IfMissing && !row.Slots[m.Slot].IsNull():
	case m.User && m.Name == "":
		row.Slots[m.Slot] = propertyRecord(e.Properties)
	case m.User:
		v := streamsql.NullValue
		for _, p := range e.Properties {
			if strings.EqualFold(p.Name, m.Name) {
				v = p.Value
			}
		}
		row.Slots[m.Slot] = v
	case strings.EqualFold(m.Name, "EventHub"):
		var all []Property
		for _, name := range streamsql.EventHubProperties() {
			all = append(all, Property{name, f.envelope(name, e)})
		}
		row.Slots[m.Slot] = propertyRecord(all)
	default:
		row.Slots[m.Slot] = f.envelope(m.Name, e)
	}
}

// envelope is a property of the event that the sender has not set; NULL if there
// is none of the name.
func (f *feed) envelope(name string, e *Event) streamsql.Value {
	switch strings.ToLower(name) {
	case "eventenqueuedutctime", "enqueuedtime":
		return streamsql.DateTimeValue(e.Arrival)
	case "eventprocessedutctime":
		return streamsql.DateTimeValue(Ticks(f.now()))
	case "partitionid":
		return streamsql.BigIntValue(int64(f.partition))
	case "offset", "sequencenumber":
		return streamsql.BigIntValue(e.Offset)
	case "partitionkey":
		if e.PartitionKey != "" {
			return streamsql.StringValue(e.PartitionKey)
		}
	case "eventid":
		return streamsql.StringValue(f.eventID(e))
	}
	return streamsql.NullValue
}

// eventID is a GUID of the event's place: the same whenever it is read again.
func (f *feed) eventID(e *Event) string {
	place := fmt.Appendf(nil, "%s/%d/%d", strings.ToLower(f.input.Name), f.partition, e.Offset)
	if f.part > 0 {
		place = fmt.Appendf(place, "/%d", f.part)
	}
	sum := sha256.Sum256(place)
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // version 8, variant of RFC 9562
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func propertyRecord(properties []Property) streamsql.Value {
	text := []byte{'{'}
	for i, p := range properties {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(streamsql.StringValue(p.Name).AppendJSON(text), ':')
		text = p.Value.AppendJSON(text)
	}
	return streamsql.RecordValue(string(append(text, '}')))
}
