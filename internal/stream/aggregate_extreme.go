package stream

import (
	"math"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// noOrder is the kind of a MIN or MAX state that has seen values without an order
// between them.
const noOrder = 255

// addExtreme keeps the lesser (greater) of the state's value and v.
func (a *aggregates) addExtreme(s []uint64, greater bool, v streamsql.Value) {
	switch s[0] {
	case 0:
	case noOrder:
		return
	default:
		order, ok := streamsql.Compare(v, a.extreme(s))
		if !ok {
			a.spoil(s)
			return
		}
		if order == 0 || (order > 0) != greater {
			return
		}
	}
	if streamsql.Kind(s[0]) == streamsql.String {
		if v.Kind() == streamsql.String {
			a.pool.setText(s[1], v.Text())
			return
		}
		a.pool.release(s[1])
	}
	s[0] = uint64(v.Kind())
	switch v.Kind() {
	case streamsql.String:
		s[1] = a.pool.new(nil)
		a.pool.setText(s[1], v.Text())
	case streamsql.Float:
		s[1] = math.Float64bits(v.Float())
	default:
		s[1] = uint64(v.Int())
	}
}

// spoil makes a MIN or MAX state one of values without an order.
func (a *aggregates) spoil(s []uint64) {
	if streamsql.Kind(s[0]) == streamsql.String {
		a.pool.release(s[1])
	}
	s[0], s[1] = noOrder, 0
}

// extreme is the value of a MIN or MAX state.
func (a *aggregates) extreme(s []uint64) streamsql.Value {
	switch streamsql.Kind(s[0]) {
	case streamsql.Bit:
		return streamsql.BitValue(s[1] != 0)
	case streamsql.BigInt:
		return streamsql.BigIntValue(int64(s[1]))
	case streamsql.Float:
		return streamsql.FloatValue(math.Float64frombits(s[1]))
	case streamsql.DateTime:
		return streamsql.DateTimeValue(int64(s[1]))
	case streamsql.String:
		return streamsql.StringValue(alias(a.pool.get(s[1]).buf))
	}
	return streamsql.NullValue
}
