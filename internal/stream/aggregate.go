package stream

import (
	"math"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// An aggregate keeps its state in a few words of a flat row, so that a group
// is a row of words and merging two panes is a pass over two rows:
//
//	COUNT              n
//	SUM                n and flags, int64 or float bits
//	AVG                n, sum as float bits
//	MIN MAX            kind of the value (0: none), its bits or a text object
//	STDEV STDEVP VAR VARP   n, mean, sum of squared distances (as float bits)
//	others             number of an object
//
// Numbers are in aggregate_number.go, MIN and MAX in aggregate_extreme.go; objects
// hold what does not fit: see aggregate_object.go.
type aggregates struct {
	calls  []*streamsql.AggregateCall
	at     []int // first word of each call
	width  int
	pool   objectPool
	direct bool // no call needs an object, unless MIN or MAX sees text
	args   []streamsql.Value
	orders [][]streamsql.Value
}

func newAggregates(calls []*streamsql.AggregateCall) *aggregates {
	a := &aggregates{calls: calls, direct: true, args: make([]streamsql.Value, len(calls)), orders: make([][]streamsql.Value, len(calls))}
	for i, c := range calls {
		a.at = append(a.at, a.width)
		a.width += words(c)
		if objectCall(c) {
			a.direct = false
		}
		a.orders[i] = make([]streamsql.Value, len(c.OrderBy))
	}
	a.pool.clear()
	return a
}

// words is the number of words of a call.
func words(c *streamsql.AggregateCall) int {
	if objectCall(c) {
		return 1
	}
	switch c.Func {
	case streamsql.CountStar, streamsql.Count:
		return 1
	case streamsql.Stdev, streamsql.StdevP, streamsql.Var, streamsql.VarP:
		return 3
	}
	return 2
}

// objectCall says whether the state of a call is an object.
func objectCall(c *streamsql.AggregateCall) bool {
	switch c.Func {
	case streamsql.PercentileCont, streamsql.PercentileDisc, streamsql.Collect, streamsql.CollectTop, streamsql.TopOne,
		streamsql.ApproxCountDistinct, streamsql.UserAggregate:
		return true
	case streamsql.Min, streamsql.Max:
		return false
	}
	return c.Distinct
}

// eval reads the arguments of all calls from a row. A data error is in row.Err.
func (a *aggregates) eval(row *streamsql.Row) {
	for i, c := range a.calls {
		if c.Arg != nil {
			v := c.Arg.Eval(row)
			if v.Kind() == streamsql.String {
				v = textArgument(c, v, row)
			}
			a.args[i] = v
			if !accepts(c, v.Kind()) && row.Err == nil {
				row.Err = &streamsql.DataError{Line: c.Line, Col: c.Col, Msg: c.Func.String() + " of a value of type " + v.Kind().String()}
			}
		}
		for j, o := range c.OrderBy {
			a.orders[i][j] = orderValue(c, o.Expr.Eval(row), row)
		}
	}
}

// accepts says whether a call can take a value of the kind.
func accepts(c *streamsql.AggregateCall, k streamsql.Kind) bool {
	switch c.Func {
	case streamsql.Sum, streamsql.Avg, streamsql.Stdev, streamsql.StdevP, streamsql.Var, streamsql.VarP:
		return k == streamsql.Null || k == streamsql.BigInt || k == streamsql.Float || k == streamsql.Bit
	case streamsql.Min, streamsql.Max:
		return k != streamsql.Record && k != streamsql.Array
	}
	return true
}

// add puts the arguments that eval has read into the state.
func (a *aggregates) add(w []uint64, time int64) {
	for i, c := range a.calls {
		s := w[a.at[i]:]
		switch {
		case c.Func == streamsql.CountStar:
			s[0]++
		case objectCall(c):
			a.pool.add(a.pool.own(s, c), a.args[i], a.orders[i], time)
		case !a.args[i].IsNull():
			a.addFlat(s, c, a.args[i])
		}
	}
}

func (a *aggregates) addFlat(s []uint64, c *streamsql.AggregateCall, v streamsql.Value) {
	switch c.Func {
	case streamsql.Count:
		s[0]++
	case streamsql.Sum:
		addSum(s, v)
	case streamsql.Avg:
		f, _ := v.Number()
		s[0]++
		s[1] = math.Float64bits(math.Float64frombits(s[1]) + f)
	case streamsql.Min, streamsql.Max:
		a.addExtreme(s, c.Func == streamsql.Max, v)
	default:
		f, _ := v.Number()
		addMoment(s, f)
	}
}

// merge adds the state o, which is of later rows, to w. o is unchanged.
func (a *aggregates) merge(w, o []uint64) {
	for i, c := range a.calls {
		s, t := w[a.at[i]:], o[a.at[i]:]
		switch {
		case objectCall(c):
			if t[0] != 0 {
				a.pool.merge(a.pool.own(s, c), t[0])
			}
		case c.Func == streamsql.CountStar || c.Func == streamsql.Count:
			s[0] += t[0]
		case c.Func == streamsql.Sum:
			mergeSum(s, t)
		case c.Func == streamsql.Avg:
			s[0] += t[0]
			s[1] = math.Float64bits(math.Float64frombits(s[1]) + math.Float64frombits(t[1]))
		case c.Func == streamsql.Min || c.Func == streamsql.Max:
			switch t[0] {
			case 0:
			case noOrder:
				a.spoil(s)
			default:
				a.addExtreme(s, c.Func == streamsql.Max, a.extreme(t))
			}
		default:
			mergeMoment(s, t)
		}
	}
}

// release gives back the objects of a state that is forgotten, and zeroes it.
func (a *aggregates) release(w []uint64) {
	if !a.pool.empty() {
		for i, c := range a.calls {
			s := w[a.at[i]:]
			if objectCall(c) {
				a.pool.release(s[0])
			} else if (c.Func == streamsql.Min || c.Func == streamsql.Max) && streamsql.Kind(s[0]) == streamsql.String {
				a.pool.release(s[1])
			}
		}
	}
	clear(w)
}

// result computes call i. The value is valid until the state changes or the
// scratch is reset.
func (a *aggregates) result(i int, w []uint64, env *env) (streamsql.Value, error) {
	c, s := a.calls[i], w[a.at[i]:]
	if objectCall(c) {
		if s[0] == 0 {
			return emptyResult(c), nil
		}
		return a.pool.get(s[0]).result(c, env)
	}
	switch c.Func {
	case streamsql.CountStar, streamsql.Count:
		return streamsql.BigIntValue(int64(s[0])), nil
	case streamsql.Sum:
		return sumResult(c, s)
	case streamsql.Avg:
		if s[0] == 0 {
			return streamsql.NullValue, nil
		}
		return finite(c, math.Float64frombits(s[1])/float64(s[0]))
	case streamsql.Min, streamsql.Max:
		if s[0] == noOrder {
			return streamsql.NullValue, &streamsql.DataError{Line: c.Line, Col: c.Col, Msg: c.Text + " has values of types without an order between them; CAST them to one"}
		}
		return a.extreme(s), nil
	}
	return momentResult(c, s)
}

// saveState writes a state with its objects.
func (a *aggregates) saveState(w *stateWriter, s []uint64) {
	w.rawWords(s)
	for i, c := range a.calls {
		switch t := s[a.at[i]:]; {
		case objectCall(c) && t[0] != 0:
			a.pool.get(t[0]).save(w)
		case (c.Func == streamsql.Min || c.Func == streamsql.Max) && !objectCall(c) && streamsql.Kind(t[0]) == streamsql.String:
			a.pool.get(t[1]).save(w)
		}
	}
}

func (a *aggregates) loadState(r *stateReader, s []uint64) {
	loadWords(r, s)
	for i, c := range a.calls {
		switch t := s[a.at[i]:]; {
		case objectCall(c) && t[0] != 0:
			t[0] = a.pool.load(r, c)
		case (c.Func == streamsql.Min || c.Func == streamsql.Max) && !objectCall(c) && streamsql.Kind(t[0]) == streamsql.String:
			t[1] = a.pool.load(r, nil)
		}
	}
}
