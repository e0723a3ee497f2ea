package stream

import (
	"errors"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// decode fills the rows. A message may hold several events. Those that cannot be
// read are counted and left out.
func (f *feed) decode(d *streamsql.Decoder, b *inBatch) {
	n := len(b.batch.Events)
	b.rows, b.used, b.refs = slices.Grow(b.rows[:0], n), 0, 0
	for k := range f.nodes {
		b.times[k] = b.times[k][:0]
	}
	b.offsets = b.offsets[:0]
	size, count := 0, 0
	var odd oddKeys
	for i := range b.batch.Events {
		e := &b.batch.Events[i]
		size += len(e.Body)
		f.part = 0
		if e.In != nil {
			count += f.blobRows(d, b, e, &odd)
		} else if err := f.event(d, b, e, e.Body, &odd); err != nil {
			count += f.several(d, b, e, err, &odd)
		} else {
			count++
		}
	}
	if n > 0 {
		b.next = b.batch.Events[n-1].Offset + 1
	}
	if odd.events > 0 {
		f.keys.note(odd.events, &b.rows[odd.row], odd.event)
	}
	f.numbers.in.Add(int64(count))
	f.numbers.bytes.Add(int64(size))
}

// several reads a message that is not one event, and returns how many it holds. If
// it is none of several events either, err says what is wrong with it.
func (f *feed) several(d *streamsql.Decoder, b *inBatch, e *Event, err error, odd *oddKeys) (count int) {
	var data *streamsql.DataError
	if !errors.As(err, &data) && streamsql.SplitEvents(e.Body, func(body []byte) {
		if err := f.event(d, b, e, body, odd); err != nil {
			f.inputError(e, err)
		}
		count++
		f.part++
	}) {
		return count
	}
	f.inputError(e, err)
	return 1
}

// blobRows reads the rows of a blob, of which a broken one takes no other with it, and
// returns how many there are.
func (f *feed) blobRows(d *streamsql.Decoder, b *inBatch, e *Event, odd *oddKeys) int {
	if e.In.Err != "" {
		f.inputError(e, fault.New(fault.Invalid, "", "the blob cannot be read from there on: %s", e.In.Err))
		return 1
	}
	streamsql.SplitLines(e.Body, func(body []byte) {
		if err := f.event(d, b, e, body, odd); err != nil {
			f.inputError(e, err)
		}
		f.part++
	})
	return f.part
}

// oddKeys are the events of a batch whose partition key is not the property that
// it should be, and the last of them.
type oddKeys struct {
	events, row int
	event       *Event
}

// add makes room for a row.
func (b *inBatch) add(width int) *streamsql.Row {
	if b.slots == nil || b.used+width > len(b.slots) { // no slots at all are none: nil would be no row
		b.slots, b.used = make([]streamsql.Value, max(2*len(b.slots), readRows*width, width)), 0
	}
	b.rows = append(b.rows, streamsql.Row{Slots: b.slots[b.used : b.used : b.used+width], Scratch: &b.scratch})
	b.used += width
	return &b.rows[len(b.rows)-1]
}

// event decodes one event of a message into a row, with its times.
func (f *feed) event(d *streamsql.Decoder, b *inBatch, e *Event, body []byte, odd *oddKeys) error {
	width := f.input.Schema().Width
	row := b.add(width)
	row.Arrival, row.Partition = e.Arrival, int32(f.partition)
	if err := d.Decode(body, row); err != nil {
		b.rows = b.rows[:len(b.rows)-1]
		b.used -= width
		return err
	}
	b.offsets = append(b.offsets, e.Offset)
	if f.keys != nil && f.keys.differs(row, e) {
		odd.events++
		odd.row, odd.event = len(b.rows)-1, e
	}
	for _, m := range f.input.Meta {
		f.meta(m, e, row)
	}
	counted := false
	for j, node := range f.nodes {
		time := f.eventTime(node, row, body, &counted)
		if len(node.Over) > 0 && time != noTime && !hasKey(node, row) {
			f.keyError(node, &counted)
			time = noTime
		}
		b.times[j] = append(b.times[j], time)
	}
	row.Err = nil
	return nil
}

// eventTime evaluates TIMESTAMP BY. A row that has no time there is no event of
// that node. An event is counted once, however many nodes read it: counted says
// that it was.
func (f *feed) eventTime(node *streamsql.Source, row *streamsql.Row, body []byte, counted *bool) int64 {
	if node.Timestamp == nil {
		return row.Arrival
	}
	v := node.Timestamp.Eval(row)
	if row.Err == nil {
		switch v.Kind() {
		case streamsql.DateTime:
			return v.Ticks()
		case streamsql.String:
			if ticks, ok := streamsql.ParseDateTime(v.Text()); ok {
				return ticks
			}
		}
	}
	if !*counted {
		*counted = true
		f.timeError(node, row, body, v)
	}
	row.Err = nil
	return noTime
}

// timeError counts an event without a time.
func (f *feed) timeError(node *streamsql.Source, row *streamsql.Row, body []byte, v streamsql.Value) {
	name := "input " + f.input.Name
	switch {
	case row.Err != nil:
		f.count(InvalidTimeStamp, row.Err)
	case v.IsNull() && !f.input.Has(body, node.Timestamp):
		f.count(MissingColumns, fault.New(fault.Invalid, name, "Missing fields specified in query: %s, of TIMESTAMP BY, is not in the event", node.Timestamp))
	case v.IsNull():
		f.count(InvalidTimeStamp, fault.New(fault.Invalid, name, "TIMESTAMP BY %s: the value is NULL", node.Timestamp))
	default:
		f.count(InvalidTimeStamp, fault.New(fault.Invalid, name, "TIMESTAMP BY %s: %s is not a datetime", node.Timestamp, v.AppendJSON(nil)))
	}
}

// hasKey says whether no part of the key of TIMESTAMP BY … OVER is NULL.
func hasKey(node *streamsql.Source, row *streamsql.Row) bool {
	for _, x := range node.Over {
		if x.Eval(row).IsNull() {
			return false
		}
	}
	return row.Err == nil
}

func (f *feed) keyError(node *streamsql.Source, counted *bool) {
	if !*counted {
		*counted = true
		f.count(InvalidTimeStampKey, fault.New(fault.Invalid, "input "+f.input.Name, "TIMESTAMP BY %s OVER %s: the key is NULL", node.Timestamp, node.Over[0]))
	}
}

func (f *feed) inputError(e *Event, err error) {
	kind := InvalidData
	var data *streamsql.DataError
	if errors.As(err, &data) {
		kind = TypeConversion
		if data.Missing {
			kind = MissingColumns
		}
	}
	name := "input " + f.input.Name
	if e.In != nil {
		f.count(kind, fault.Wrap(fault.Invalid, name, err, "blob %s, row %d", e.In.Blob, e.In.Row+f.part))
		return
	}
	f.count(kind, fault.Wrap(fault.Invalid, name, err, "partition %d, offset %d", f.partition, e.Offset))
}

func (f *feed) count(kind ErrorKind, err error) {
	f.numbers.errors.add(kind, err)
	f.counters.note(err)
}
