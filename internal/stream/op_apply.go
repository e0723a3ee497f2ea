package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// apply emits a row for each element of an array or record (CROSS APPLY, OUTER
// APPLY).
type apply struct {
	node *streamsql.Apply
	out  emitter
	pair [2]streamsql.Value
}

func (a *apply) process(rows []streamsql.Row) error {
	for i := range rows {
		in := &rows[i]
		arg := a.node.Arg.Eval(in)
		if a.out.env.dataError(in) {
			continue
		}
		n := 0
		var err error
		each := func(name, value streamsql.Value) bool {
			n++
			a.pair[0], a.pair[1] = name, value
			err = a.emit(in, a.pair[:])
			return err == nil
		}
		mem := &a.out.env.scratch
		switch {
		case a.node.Kind == streamsql.ArrayElements && arg.Kind() == streamsql.Array:
			streamsql.EachElement(arg, mem, func(i int, v streamsql.Value) bool { return each(streamsql.BigIntValue(int64(i)), v) })
		case a.node.Kind == streamsql.RecordProperties && arg.Kind() == streamsql.Record:
			streamsql.EachProperty(arg, mem, func(name string, v streamsql.Value) bool { return each(streamsql.StringValue(name), v) })
		}
		if err == nil && n == 0 && a.node.Outer {
			err = a.emit(in, nil)
		}
		if err != nil {
			return err
		}
	}
	return a.out.flush()
}

func (a *apply) emit(in *streamsql.Row, right []streamsql.Value) error {
	row, err := a.out.add(in.Time)
	if err != nil {
		return err
	}
	row.Arrival, row.Partition = in.Arrival, in.Partition
	fillJoined(row, a.node.Slots, in.Slots, right, in.Time, in.Time)
	return nil
}

func (a *apply) advance(wm int64) error { return a.out.next.advance(wm) }

// fillJoined writes the slots of a joined row. A side without a row is nil.
func fillJoined(row *streamsql.Row, slots []streamsql.JoinSlot, left, right []streamsql.Value, leftTime, rightTime int64) {
	for i, s := range slots {
		side, time := left, leftTime
		if s.Side == 1 {
			side, time = right, rightTime
		}
		switch {
		case s.Side == streamsql.Reserved || side == nil:
			row.Slots[i] = streamsql.NullValue
		case s.Slot == streamsql.TimeSlot:
			row.Slots[i] = streamsql.DateTimeValue(time)
		default:
			row.Slots[i] = side[s.Slot]
		}
	}
}
