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
	case m.User:
		v, err := userProperty(e.Properties, m.Name)
		if err != nil {
			f.inputError(e, err)
		}
		row.Slots[m.Slot] = v
	case strings.EqualFold(m.Name, "EventHub"):
		var all record
		for _, name := range streamsql.EventHubProperties() {
			all.add(name, f.envelope(name, e))
		}
		row.Slots[m.Slot] = all.value()
	default:
		row.Slots[m.Slot] = f.envelope(m.Name, e)
	}
}

// userProperty is a property that the sender has set, NULL if there is none; all
// of them, as a record, for the name "". The last of several counts.
func userProperty(all Properties, name string) (streamsql.Value, error) {
	var r record
	v := streamsql.NullValue
	var err error
	if all != nil {
		err = all.Each(func(have string, is streamsql.Value) {
			switch {
			case name == "":
				r.add(have, is)
			case strings.EqualFold(have, name):
				v = is
			}
		})
	}
	if name == "" && err == nil {
		v = r.value()
	}
	return v, err
}

// envelope is a property of the event that the sender has not set; NULL if there
// is none of the name.
func (f *feed) envelope(name string, e *Event) streamsql.Value {
	switch strings.ToLower(name) {
	case "eventenqueuedutctime", "enqueuedtime", "bloblastmodifiedutctime":
		return streamsql.DateTimeValue(e.Arrival)
	case "eventprocessedutctime":
		return streamsql.DateTimeValue(Ticks(f.now()))
	case "partitionid":
		return streamsql.BigIntValue(int64(f.partition))
	case "offset":
		return streamsql.BigIntValue(e.Offset)
	case "sequencenumber":
		return streamsql.BigIntValue(e.Sequence)
	case "partitionkey":
		if e.PartitionKey != "" {
			return streamsql.StringValue(e.PartitionKey)
		}
	case "blobname":
		if e.Origin != "" {
			return streamsql.StringValue(e.Origin)
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

// record is a record in the making.
type record struct{ text []byte }

func (r *record) add(name string, v streamsql.Value) {
	before := byte(',')
	if len(r.text) == 0 {
		before = '{'
	}
	r.text = append(streamsql.StringValue(name).AppendJSON(append(r.text, before)), ':')
	r.text = v.AppendJSON(r.text)
}

func (r *record) value() streamsql.Value {
	if len(r.text) == 0 {
		return streamsql.RecordValue("{}")
	}
	return streamsql.RecordValue(string(append(r.text, '}')))
}
